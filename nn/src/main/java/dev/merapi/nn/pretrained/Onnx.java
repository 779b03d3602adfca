package dev.merapi.nn.pretrained;

import dev.merapi.engine.kernel.Floats;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;

/// The weights in an ONNX model: its initializers, under their names.
///
/// PyTorch's exporter turns `x·Wᵀ + b` into `Add(MatMul(x, V), b)` with `V = Wᵀ [in, out]`, and gives V a
/// number for a name. The bias keeps its name, so V is found through it, and read as `<the bias's
/// prefix>.weight`, W [out, in].
final class Onnx implements Checkpoint {

    /// Where a tensor that we expose comes from.
    private record Source(OnnxTensor tensor, TensorInfo info, boolean transposed) {}

    /// The part of a `NodeProto` that matters: `output = op(inputs)`.
    private record Node(String op, List<String> inputs, List<String> outputs) {
        /// Whether this is `operation(a, b)`.
        boolean is(String operation) {
            return op.equals(operation) && inputs.size() == 2;
        }
    }

    private final String source;
    private final MappedFile file; // null where the model is in memory
    private final Map<String, Source> tensors = new TreeMap<>();

    private Onnx(String source, MappedFile file, MemorySegment model) {
        this.source = source;
        this.file = file;
        Map<String, OnnxTensor> initializers = new HashMap<>();
        List<Node> nodes = new ArrayList<>();
        boolean graph = false;
        ProtobufReader in = new ProtobufReader(source, model);
        while (in.next())
            if (in.field() == 7) {
                if (graph) throw new PretrainedException(source + ": expected one graph, got two; the file is damaged");
                graph = true;
                readGraph(in.message(source), initializers, nodes);
            }
        if (!graph)
            throw new PretrainedException(source + ": expected an ONNX model, got no graph in it; download it again");
        for (OnnxTensor t : initializers.values())
            if (t.info() != null) tensors.put(t.name(), new Source(t, t.info(), false));
        nameMatrices(initializers, nodes);
    }

    static Onnx open(Path path) {
        MappedFile file = MappedFile.open(path);
        try {
            return file.reading(() -> new Onnx(file.name(), file, file.bytes()));
        } catch (RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    static Onnx parse(byte[] model, String source) {
        return new Onnx(source, null, MemorySegment.ofArray(model));
    }

    private void readGraph(ProtobufReader in, Map<String, OnnxTensor> initializers, List<Node> nodes) {
        while (in.next()) {
            switch (in.field()) {
                case 1 -> {
                    Node node = readNode(in.message(source));
                    if (node.is("MatMul") || node.is("Add")) nodes.add(node);
                }
                case 5 -> {
                    OnnxTensor tensor = OnnxTensor.parse(source, in.message(source));
                    if (initializers.put(tensor.name(), tensor) != null)
                        throw new PretrainedException(source + ": \"" + tensor.name()
                                + "\": got two tensors of this name; the file is damaged");
                }
                default -> {} // inputs, outputs, doc strings
            }
        }
    }

    private static Node readNode(ProtobufReader in) {
        List<String> inputs = new ArrayList<>();
        List<String> outputs = new ArrayList<>();
        String op = "";
        while (in.next()) {
            switch (in.field()) {
                case 1 -> inputs.add(in.string());
                case 2 -> outputs.add(in.string());
                case 4 -> op = in.string();
                default -> {} // attributes: constants of the graph, no weights
            }
        }
        return new Node(op, inputs, outputs);
    }

    private void nameMatrices(Map<String, OnnxTensor> initializers, List<Node> nodes) {
        Map<String, Node> products = new HashMap<>(); // output → MatMul
        for (Node node : nodes) if (node.is("MatMul")) node.outputs().forEach(o -> products.put(o, node));
        for (Node node : nodes) {
            if (!node.is("Add")) continue;
            nameMatrix(node.inputs().get(0), products.get(node.inputs().get(1)), initializers);
            nameMatrix(node.inputs().get(1), products.get(node.inputs().get(0)), initializers);
        }
    }

    /// `Add(bias, matmul)`, if that is what it is: `matmul` is null where the other term is no product.
    private void nameMatrix(String bias, Node matmul, Map<String, OnnxTensor> initializers) {
        if (matmul == null || !bias.endsWith(".bias")) return;
        OnnxTensor vector = initializers.get(bias);
        OnnxTensor matrix = initializers.get(matmul.inputs().get(1));
        if (vector == null || vector.info() == null || matrix == null || matrix.info() == null) return;
        long[] shape = matrix.info().shape();
        if (shape.length != 2 || !Arrays.equals(vector.info().shape(), new long[] {shape[1]})) return;
        String name = bias.substring(0, bias.length() - "bias".length()) + "weight";
        if (initializers.containsKey(name) && !name.equals(matrix.name())) return; // never hide another tensor
        TensorInfo info = new TensorInfo(name, matrix.info().dtype(), new long[] {shape[1], shape[0]});
        tensors.remove(matrix.name());
        tensors.put(name, new Source(matrix, info, true));
    }

    @Override
    public String source() {
        return source;
    }

    @Override
    public Set<String> names() {
        return Collections.unmodifiableSet(tensors.keySet());
    }

    @Override
    public TensorInfo info(String name) {
        return tensor(name).info();
    }

    @Override
    public void read(String name, Floats out) {
        Source tensor = tensor(name);
        Supplier<Floats> reading = () -> tensor.tensor().read(source, tensor.transposed(), out);
        if (file == null) reading.get();
        else file.reading(reading);
    }

    private Source tensor(String name) {
        Source tensor = tensors.get(name);
        if (tensor == null) throw PretrainedException.noTensor(source, name, tensors.size());
        return tensor;
    }

    @Override
    public void close() {
        if (file != null) file.close();
    }
}
