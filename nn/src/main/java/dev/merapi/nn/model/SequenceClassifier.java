package dev.merapi.nn.model;

import dev.merapi.engine.Device;
import dev.merapi.engine.Elementwise;
import dev.merapi.engine.Tensor;
import dev.merapi.nn.Linear;
import dev.merapi.nn.Parameter;
import dev.merapi.nn.Parameters;
import dev.merapi.nn.Pass;
import dev.merapi.nn.Sequences;
import dev.merapi.nn.pretrained.Checkpoint;
import dev.merapi.nn.pretrained.FolderWriter;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.nn.pretrained.LoadReport;
import dev.merapi.nn.pretrained.PretrainedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// An encoder with a linear head on its pooled first token, as transformers' `BertForSequenceClassification`:
/// `logits = W·dropout(pooled) + b`
///
///     pooled [B, C]    logits [B, K]
///
/// `bert.*` and `classifier.*` are its parameters' names; a folder that transformers wrote loads here, one
/// saved here loads there.
public final class SequenceClassifier {
    private final Json.Obj json;
    private final Device device;
    private final Parameters parameters;
    private final Bert bert;
    private final Linear classifier;
    private final float dropout;
    private final List<String> labels;
    private final ProblemType problemType;
    private final LoadReport report;

    private SequenceClassifier(Json.Obj json, Checkpoint checkpoint, LoadOptions options) {
        BertConfig saved = BertConfig.of(json);
        BertConfig config = options.dropout() == null ? saved : saved.withDropout(options.dropout());
        this.json = json;
        this.device = options.deviceOrBest();
        this.labels = options.labels() != null ? options.labels() : labels(json);
        this.problemType = options.problemType() != null ? options.problemType() : problemType(json, labels.size());
        this.dropout = config.classifierDropout();
        this.parameters = new Parameters(device);
        this.bert = new Bert(parameters.under("bert"), config, true);
        this.classifier = new Linear(parameters.under("classifier"), config.hiddenSize(), labels.size());
        boolean newHead = options.labels() != null;
        this.report = Weights.load(
                parameters.all(),
                checkpoint,
                "bert.",
                name -> newHead && (name.startsWith("classifier.") || name.startsWith("bert.pooler.")),
                config.initializerRange(),
                options.seed());
    }

    /// Loads a Hugging Face folder: `config.json` and its weights.
    ///
    /// @throws PretrainedException if a file is missing, damaged or does not fit; the message names file,
    ///     tensor and remedy
    public static SequenceClassifier fromPretrained(Path folder, LoadOptions options) {
        Json.Obj config = readConfig(folder);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            return new SequenceClassifier(config, checkpoint, options);
        }
    }

    /// From a config and weights that come from elsewhere: a jar's resource, say.
    public static SequenceClassifier of(Json.Obj config, Checkpoint checkpoint, LoadOptions options) {
        return new SequenceClassifier(config, checkpoint, options);
    }

    /// `config.json` of a model folder.
    static Json.Obj readConfig(Path folder) {
        if (!Files.isDirectory(folder))
            throw new PretrainedException(folder
                    + ": no such folder; expected a Hugging Face model folder with config.json and model.safetensors");
        Path file = folder.resolve("config.json");
        if (!Files.isRegularFile(file))
            throw new PretrainedException(
                    folder
                            + ": config.json is missing; expected a Hugging Face model folder with config.json and model.safetensors");
        return Json.read(file);
    }

    public Tensor forward(Sequences batch, Pass pass) {
        Tensor pooled = bert.forward(batch, pass).pooled(); // [B, C]
        return classifier.forward(Elementwise.dropout(pooled, pass.dropout(dropout, bert.dropoutSites()))); // [B, K]
    }

    public Bert bert() {
        return bert;
    }

    public BertConfig config() {
        return bert.config();
    }

    /// Names of the outputs, in order.
    public List<String> labels() {
        return labels;
    }

    public ProblemType problemType() {
        return problemType;
    }

    /// What the checkpoint lacked (and was initialised) and what it had beyond this model.
    public LoadReport report() {
        return report;
    }

    public Device device() {
        return device;
    }

    public List<Parameter> parameters() {
        return parameters.all();
    }

    /// Leaves all of the encoder but its pooler as it is: training changes pooler and classifier only.
    public void freezeEncoder() {
        for (Parameter p : parameters.all())
            if (p.name().startsWith("bert.") && !p.name().startsWith("bert.pooler.")) p.freeze();
    }

    /// Saves a folder that transformers loads, with equal logits: `config.json`, `model.safetensors` and other
    /// files such as the tokenizer's. The old folder stays until the new one is complete.
    ///
    /// @throws PretrainedException if the folder cannot be written
    public void savePretrained(Path folder, Map<String, byte[]> otherFiles) {
        try (FolderWriter out = FolderWriter.open(folder)) {
            out.json("config.json", configToSave());
            out.weights("model.safetensors", Weights.toSave(parameters.all()));
            for (Map.Entry<String, byte[]> other : otherFiles.entrySet())
                Files.write(out.file(other.getKey()), other.getValue());
            out.commit();
        } catch (IOException e) {
            throw new PretrainedException(
                    folder + ": cannot be written: " + e.getMessage() + "; choose a folder that can be written", e);
        }
    }

    private Json configToSave() {
        Json.Obj idToLabel = Json.Obj.empty("config.json");
        Json.Obj labelToId = Json.Obj.empty("config.json");
        for (int i = 0; i < labels.size(); i++) {
            idToLabel = idToLabel.with(Integer.toString(i), labels.get(i));
            labelToId = labelToId.with(labels.get(i), i);
        }
        return json.with("architectures", Json.Arr.of("BertForSequenceClassification"))
                .with("model_type", "bert")
                .with("dtype", "float32")
                .with("id2label", idToLabel)
                .with("label2id", labelToId)
                .with("problem_type", problemType.configName())
                .without("num_labels")
                .without("_num_labels");
    }

    /// Labels as `id2label` has them, else `LABEL_0 …` for `num_labels`, else two, as transformers does.
    private static List<String> labels(Json.Obj json) {
        List<String> labels = new ArrayList<>();
        if (json.has("id2label")) {
            Json.Obj names = json.object("id2label");
            for (int i = 0; names.has(Integer.toString(i)); i++) labels.add(names.string(Integer.toString(i)));
            if (!labels.isEmpty()) return List.copyOf(labels);
        }
        int count = json.integer("num_labels", 2);
        for (int i = 0; i < count; i++) labels.add("LABEL_" + i);
        return List.copyOf(labels);
    }

    private static ProblemType problemType(Json.Obj json, int outputs) {
        String name = json.string("problem_type", "");
        for (ProblemType type : ProblemType.values()) if (type.configName().equals(name)) return type;
        if (!name.isEmpty())
            throw new PretrainedException(json.where() + "problem_type is \"" + name
                    + "\", expected single_label_classification, multi_label_classification or regression");
        return outputs == 1 ? ProblemType.REGRESSION : ProblemType.SINGLE_LABEL_CLASSIFICATION;
    }
}
