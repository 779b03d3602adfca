package dev.merapi.nn;

import dev.merapi.engine.Device;
import dev.merapi.engine.cuda.CudaException;
import java.util.ArrayList;
import java.util.List;

/// The devices that tests run on: the scalar specification always, SIMD with one and two threads where the
/// machine has it, and its GPU if there is one.
public final class Devices {
    private static final boolean GPU = gpu();

    private Devices() {}

    public static List<Device> all() {
        List<Device> devices = new ArrayList<>(List.of(Device.scalar()));
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
            devices.add(Device.best(1));
            devices.add(Device.best(2));
        }
        if (GPU) devices.add(Device.cuda());
        return devices;
    }

    private static boolean gpu() {
        try (Device device = Device.cuda()) {
            System.out.println("the tests run on " + device);
            return true;
        } catch (CudaException e) {
            System.out.println("the tests run on no GPU: " + e.getMessage());
            return false;
        }
    }
}
