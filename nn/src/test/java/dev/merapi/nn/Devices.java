package dev.merapi.nn;

import dev.merapi.engine.Device;
import java.util.ArrayList;
import java.util.List;

/// The devices that tests run on: the scalar specification always, SIMD with one and two threads where the
/// machine has it.
public final class Devices {
    private Devices() {}

    public static List<Device> all() {
        List<Device> devices = new ArrayList<>(List.of(Device.scalar()));
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
            devices.add(Device.best(1));
            devices.add(Device.best(2));
        }
        return devices;
    }
}
