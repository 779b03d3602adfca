package dev.merapi.nn;

import dev.merapi.engine.Device;
import dev.merapi.engine.Shape;
import dev.merapi.engine.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// Makes a model's parameters while it is built and remembers them in that order, each under the path of the
/// layer that asks:
///
/// ```java
/// var root = new Parameters(device);
/// var query = new Linear(root.under("attention").under("self").under("query"), 768, 768);   //
/// attention.self.query.weight, .bias
/// ```
public final class Parameters {
    private final Device device;
    private final String path;
    private final ArrayList<Parameter> all;

    public Parameters(Device device) {
        this(device, "", new ArrayList<>());
    }

    private Parameters(Device device, String path, ArrayList<Parameter> all) {
        this.device = device;
        this.path = path;
        this.all = all;
    }

    /// The same list, one level deeper in the names; `name` may hold several levels.
    public Parameters under(String name) {
        return new Parameters(device, path + name + ".", all);
    }

    /// A new parameter, zero until it is loaded or initialised.
    public Tensor add(String name, Parameter.Initial initial, int... sizes) {
        Tensor tensor = Tensor.variable(device, Shape.of(sizes));
        all.add(new Parameter(path + name, tensor, initial));
        return tensor;
    }

    /// All parameters of the model in the order of their making.
    public List<Parameter> all() {
        return Collections.unmodifiableList(all);
    }
}
