package dev.merapi.nn.pretrained;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Finds the weights of the PyTorch model in the ONNX graph that its export left, where names are lost in two
/// ways:
///
/// - `x·Wᵀ + b` became `Add(MatMul(x, V), b)` with `V = Wᵀ [in, out]`, and V has a number for a name
///   (`onnx::MatMul_123`). The bias keeps its name, so V is found through it and read as `<the bias's
///   prefix>.weight`, W [out, in]. Without a bias the node tells: `/encoder/query/MatMul` is of
///   `encoder.query`.
/// - Of initializers with equal values only one is kept; the others come from it through an `Identity`.
final class OnnxGraph {

    /// A weight under the name that it gets.
    record Weight(OnnxTensor tensor, boolean transposed) {}

    /// The part of a `NodeProto` that matters: `outputs = op(inputs)`.
    private record Node(String op, String name, List<String> inputs, List<String> outputs) {
        /// Whether this is `operation(a, b)`.
        boolean is(String operation) {
            return op.equals(operation) && inputs.size() == 2;
        }
    }

    private final String source;
    private final Map<String, OnnxTensor> initializers = new HashMap<>(); // and what is identical to one
    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, Weight> weights = new TreeMap<>();

    private OnnxGraph(String source) {
        this.source = source;
    }

    /// The weights of a `ModelProto`.
    static Map<String, Weight> weights(String source, MemorySegment model) {
        OnnxGraph graph = new OnnxGraph(source);
        boolean found = false;
        ProtobufReader in = new ProtobufReader(source, model);
        while (in.next())
            if (in.field() == 7) {
                if (found) throw new PretrainedException(source + ": expected one graph, got two; the file is damaged");
                found = true;
                graph.read(in.message(source));
            }
        if (!found)
            throw new PretrainedException(source + ": expected an ONNX model, got no graph in it; download it again");
        graph.followIdentities();
        graph.initializers.forEach((name, tensor) -> {
            if (tensor.info() != null && (name.equals(tensor.name()) || isParameter(name)))
                graph.weights.put(name, new Weight(tensor, false));
        });
        graph.nameMatrices();
        return graph.weights;
    }

    /// Whether a name can be that of a parameter in PyTorch: attributes with dots between them.
    static boolean isParameter(String name) {
        return name.contains(".")
                && !name.contains("..")
                && !name.startsWith(".")
                && !name.endsWith(".")
                && name.chars().allMatch(c -> c == '.' || c == '_' || c < 128 && Character.isLetterOrDigit(c));
    }

    private void read(ProtobufReader in) {
        while (in.next()) {
            switch (in.field()) {
                case 1 -> {
                    Node node = node(in.message(source));
                    if (node.is("MatMul") || node.is("Add") || node.op().equals("Identity")) nodes.add(node);
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

    private static Node node(ProtobufReader in) {
        List<String> inputs = new ArrayList<>();
        List<String> outputs = new ArrayList<>();
        String name = "";
        String op = "";
        while (in.next()) {
            switch (in.field()) {
                case 1 -> inputs.add(in.string());
                case 2 -> outputs.add(in.string());
                case 3 -> name = in.string();
                case 4 -> op = in.string();
                default -> {} // attributes: constants of the graph, no weights
            }
        }
        return new Node(op, name, inputs, outputs);
    }

    /// Nodes are in topological order, so that one pass follows chains as well.
    private void followIdentities() {
        for (Node node : nodes) {
            if (!node.op().equals("Identity")
                    || node.inputs().size() != 1
                    || node.outputs().size() != 1) continue;
            OnnxTensor tensor = initializers.get(node.inputs().getFirst());
            if (tensor != null) initializers.putIfAbsent(node.outputs().getFirst(), tensor);
        }
    }

    private void nameMatrices() {
        Map<String, Node> products = new HashMap<>(); // output → MatMul
        for (Node node : nodes) if (node.is("MatMul")) node.outputs().forEach(o -> products.put(o, node));
        for (Node node : nodes) {
            if (!node.is("Add")) continue;
            nameThroughBias(node.inputs().get(0), products.get(node.inputs().get(1)));
            nameThroughBias(node.inputs().get(1), products.get(node.inputs().get(0)));
        }
        for (Node node : nodes) if (node.is("MatMul")) nameThroughNode(node);
    }

    /// `Add(bias, matmul)`, if that is what it is: `matmul` is null where the other term is no product.
    private void nameThroughBias(String bias, Node matmul) {
        if (matmul == null || !bias.endsWith(".bias")) return;
        OnnxTensor vector = initializers.get(bias);
        OnnxTensor matrix = initializers.get(matmul.inputs().get(1));
        if (vector == null || vector.info() == null || !isMatrix(matrix)) return;
        if (!Arrays.equals(vector.info().shape(), new long[] {matrix.info().shape()[1]})) return;
        name(matrix, module(bias) + "weight");
    }

    /// Where the weight beside a bias lies, with its dot. The decoder of masked words keeps its bias one level up:
    /// `cls.predictions.bias` and `cls.predictions.decoder.weight`, with RoBERTa `lm_head.bias`.
    private static String module(String bias) {
        String module = bias.substring(0, bias.length() - "bias".length());
        return module.endsWith("predictions.") || module.endsWith("lm_head.") ? module + "decoder." : module;
    }

    /// `/encoder/layer.0/attention/self/query/MatMul`
    private void nameThroughNode(Node matmul) {
        OnnxTensor matrix = initializers.get(matmul.inputs().get(1));
        if (!isMatrix(matrix) || !matrix.name().contains("::") || !weights.containsKey(matrix.name())) return;
        if (!matmul.name().startsWith("/") || !matmul.name().endsWith("/MatMul")) return;
        String module = matmul.name().substring(1, matmul.name().length() - "/MatMul".length());
        String name = module.replace('/', '.') + ".weight";
        if (isParameter(name)) name(matrix, name);
    }

    private static boolean isMatrix(OnnxTensor tensor) {
        return tensor != null && tensor.info() != null && tensor.info().shape().length == 2;
    }

    private void name(OnnxTensor matrix, String name) {
        if (initializers.containsKey(name) && !name.equals(matrix.name())) return; // never hide another tensor
        weights.remove(matrix.name());
        weights.put(name, new Weight(matrix, true));
    }
}
