package dev.merapi.nn;

import dev.merapi.engine.Device;
import dev.merapi.engine.Shape;
import dev.merapi.engine.Tensor;
import dev.merapi.engine.kernel.Precision;
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
    private final Precision dtype;
    private final String path;
    private final ArrayList<Parameter> all;

    public Parameters(Device device) {
        this(device, Precision.FP32);
    }

    /// @param dtype how weights of products and tables of embeddings are held; in 16 bits for inference alone
    public Parameters(Device device, Precision dtype) {
        this(device, dtype, "", new ArrayList<>());
    }

    private Parameters(Device device, Precision dtype, String path, ArrayList<Parameter> all) {
        this.device = device;
        this.dtype = dtype;
        this.path = path;
        this.all = all;
    }

    /// The same list, one level deeper in the names; `name` may hold several levels.
    public Parameters under(String name) {
        return new Parameters(device, dtype, path + name + ".", all);
    }

    /// A new parameter, zero until it is loaded or initialised.
    public Tensor add(String name, Parameter.Initial initial, int... sizes) {
        Tensor tensor = Tensor.variable(device, Shape.of(sizes));
        all.add(new Parameter(path + name, tensor, initial));
        return tensor;
    }

    /// A new weight `[outputs, inputs]` of which [dev.merapi.engine.Matmul] alone knows the values.
    public Tensor addWeight(String name, int outputs, int inputs) {
        if (dtype == Precision.FP32) return add(name, Parameter.Initial.NORMAL, outputs, inputs);
        return narrow(name, Tensor.weight(device, Shape.of(outputs, inputs), dtype));
    }

    /// A new table of embeddings `[rows, columns]`, for [dev.merapi.engine.Gather].
    public Tensor addTable(String name, int rows, int columns) {
        if (dtype == Precision.FP32) return add(name, Parameter.Initial.NORMAL, rows, columns);
        return narrow(name, Tensor.table(device, Shape.of(rows, columns), dtype));
    }

    private Tensor narrow(String name, Tensor tensor) {
        all.add(new Parameter(path + name, tensor, Parameter.Initial.NORMAL));
        return tensor;
    }

    /// All parameters of the model in the order of their making.
    public List<Parameter> all() {
        return Collections.unmodifiableList(all);
    }
}
