package dev.merapi.nn.model;

import dev.merapi.engine.Device;
import dev.merapi.engine.Tensor;
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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/// An encoder with a head: what a Hugging Face folder holds. Its parameters have transformers' names; a folder
/// that transformers wrote loads here, one saved here loads there, with equal outputs.
public abstract sealed class Model
        permits SequenceClassifier, TokenClassifier, QuestionAnswering, MaskedLanguageModel, SentenceEncoder {
    private static final System.Logger LOG = System.getLogger("dev.merapi.nn");

    /// The config members that are probabilities of a dropout, of all architectures.
    private static final List<String> DROPOUTS = List.of(
            "hidden_dropout_prob",
            "attention_probs_dropout_prob",
            "classifier_dropout",
            "dropout",
            "attention_dropout",
            "seq_classif_dropout",
            "qa_dropout",
            "pooler_dropout",
            "cls_dropout");

    private final Json.Obj json;
    private final ModelType type;
    private final Device device;
    private final Parameters parameters;
    private final Encoder encoder;
    private final Set<String> encoderNames = new HashSet<>();
    private LoadReport report;

    Model(Json.Obj json, LoadOptions options) {
        this(json, options, false);
    }

    /// @param bare whether the encoder's names begin at the root, as without a head
    Model(Json.Obj json, LoadOptions options, boolean bare) {
        this.json = json;
        this.type = ModelType.of(json);
        this.device = options.deviceOrBest();
        this.parameters = new Parameters(device, options.dtype());
        this.encoder = type.encoder(bare ? parameters : parameters.under(type.prefix()), effective(json, options));
        for (Parameter p : parameters.all()) encoderNames.add(p.name());
    }

    /// The config with the options' dropout in place of its own.
    static Json.Obj effective(Json.Obj json, LoadOptions options) {
        Json.Obj changed = json;
        if (options.dropout() != null) for (String name : DROPOUTS) changed = changed.with(name, options.dropout());
        return changed;
    }

    /// Fills the parameters, once the head is built.
    ///
    /// @param tied names that a checkpoint may hold without use, since they repeat other weights
    final void load(Checkpoint checkpoint, LoadOptions options, Predicate<String> tied) {
        report = Weights.load(
                parameters.all(),
                checkpoint,
                type.prefix() + ".",
                name -> !encoderNames.contains(name),
                tied,
                encoder.config().initializerRange(),
                options);
        if (report.complete()) return;
        List<String> fresh = new ArrayList<>(report.missing());
        for (LoadReport.Mismatch m : report.mismatched()) fresh.add(m.toString());
        LOG.log(
                System.Logger.Level.INFO,
                checkpoint.source() + ": newly initialised, to be trained: "
                        + (checkpoint.isNew()
                                ? "all weights, by the seed " + options.seed()
                                : String.join(", ", fresh)));
    }

    /// Loads a Hugging Face folder as the model that its config names in `architectures`; the bare encoder as a
    /// [SentenceEncoder] where that is no head of these.
    ///
    /// @throws PretrainedException if a file is missing, damaged or does not fit
    public static Model fromPretrained(Path folder, LoadOptions options) {
        Json.Obj json = readConfig(folder);
        ModelType type = ModelType.of(json);
        String name =
                json.has("architectures") && !json.strings("architectures").isEmpty()
                        ? json.strings("architectures").getFirst()
                        : type.className("Model");
        // by its end: an XLM-R may call itself RobertaForSequenceClassification
        if (name.endsWith("ForSequenceClassification")) return SequenceClassifier.fromPretrained(folder, options);
        if (name.endsWith("ForTokenClassification")) return TokenClassifier.fromPretrained(folder, options);
        if (name.endsWith("ForQuestionAnswering")) return QuestionAnswering.fromPretrained(folder, options);
        if (name.endsWith("ForMaskedLM")) return MaskedLanguageModel.fromPretrained(folder, options);
        if (!name.endsWith("Model"))
            LOG.log(System.Logger.Level.INFO, folder + ": " + name + " has another head than these; it is left out");
        return SentenceEncoder.fromPretrained(folder, options);
    }

    /// `config.json` of a model folder.
    static Json.Obj readConfig(Path folder) {
        if (!Files.isDirectory(folder))
            throw new PretrainedException(folder
                    + ": no such folder; expected a Hugging Face model folder with config.json and model.safetensors");
        Path file = folder.resolve("config.json");
        if (!Files.isRegularFile(file))
            throw new PretrainedException(folder
                    + ": config.json is missing; expected a Hugging Face model folder with config.json and"
                    + " model.safetensors");
        return Json.read(file);
    }

    /// The encoder, then the head: the logits.
    public final Tensor forward(Sequences batch, Pass pass) {
        return head(encoder.forward(batch, pass), batch, pass);
    }

    /// The head alone, on the encoder's last hidden states.
    ///
    /// @param hidden [N, C]
    public abstract Tensor head(Tensor hidden, Sequences batch, Pass pass);

    public final ModelType type() {
        return type;
    }

    public final Encoder encoder() {
        return encoder;
    }

    public final EncoderConfig config() {
        return encoder.config();
    }

    /// `config.json` as it was loaded.
    public final Json.Obj json() {
        return json;
    }

    /// What the checkpoint lacked (and was initialised) and what it had beyond this model.
    public final LoadReport report() {
        return report;
    }

    public final Device device() {
        return device;
    }

    public final List<Parameter> parameters() {
        return parameters.all();
    }

    final Parameters root() {
        return parameters;
    }

    /// Leaves the encoder as it is: training changes the head only (BERT's pooler is a part of it).
    public final void freezeEncoder() {
        for (Parameter p : parameters.all()) if (encoderNames.contains(p.name())) p.freeze();
    }

    /// Saves a folder that transformers loads, with equal logits: `config.json`, `model.safetensors` and other
    /// files such as the tokenizer's. The old folder stays until the new one is complete.
    ///
    /// @throws PretrainedException if the folder cannot be written
    public final void savePretrained(Path folder, Map<String, byte[]> otherFiles) {
        beforeSave();
        Json.Obj config = configToSave(json.with("architectures", Json.Arr.of(type.className(architecture())))
                .with("model_type", type.configName())
                .with("dtype", "float32")
                .without("torch_dtype"));
        try (FolderWriter out = FolderWriter.open(folder)) {
            out.json("config.json", config);
            out.weights("model.safetensors", Weights.toSave(parameters.all()));
            for (Map.Entry<String, Json> companion : companions().entrySet()) {
                Files.createDirectories(out.file(companion.getKey()).getParent());
                out.json(companion.getKey(), companion.getValue());
            }
            for (Map.Entry<String, byte[]> other : otherFiles.entrySet())
                Files.write(out.file(other.getKey()), other.getValue());
            out.commit();
        } catch (IOException e) {
            throw new PretrainedException(
                    folder + ": cannot be written: " + e.getMessage() + "; choose a folder that can be written", e);
        }
    }

    /// Brings into the form of checkpoints what is kept in another one.
    void beforeSave() {}

    /// What the name of transformers' class ends with: `ForSequenceClassification`.
    abstract String architecture();

    /// The config with what this head keeps in it.
    abstract Json.Obj configToSave(Json.Obj config);

    /// Other files that belong to the model, by their names.
    Map<String, Json> companions() {
        return Map.of();
    }

    /// The config with names for a head's outputs.
    static Json.Obj withLabels(Json.Obj config, List<String> labels) {
        Json.Obj idToLabel = Json.Obj.empty("config.json");
        Json.Obj labelToId = Json.Obj.empty("config.json");
        for (int i = 0; i < labels.size(); i++) {
            idToLabel = idToLabel.with(Integer.toString(i), labels.get(i));
            labelToId = labelToId.with(labels.get(i), i);
        }
        return config.with("id2label", idToLabel)
                .with("label2id", labelToId)
                .without("num_labels")
                .without("_num_labels");
    }

    /// The options' labels, else those of `id2label`, else `LABEL_0 …` for `num_labels`, else two, as
    /// transformers does.
    static List<String> labels(Json.Obj json, LoadOptions options) {
        if (options.labels() != null) return options.labels();
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
}
