package dev.merapi.nn.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.engine.Device;
import dev.merapi.engine.Scope;
import dev.merapi.nn.Pass;
import dev.merapi.nn.pretrained.Checkpoint;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.nn.pretrained.PretrainedException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Switches of configs that are about in the world: each does what it does in transformers
/// (`src/reference/golden_switches.py`, the same weights under a changed config), or is refused by its name.
class SwitchesTest {
    private static final Path GOLDEN = Path.of("src/test/resources/dev/merapi/nn/golden");
    private static final LoadOptions OPTIONS = LoadOptions.pretrained().device(Device.scalar());

    private static Json.Obj changed(String folder, Json.Obj changes) {
        Json.Obj config = Json.read(GOLDEN.resolve("models").resolve(folder).resolve("config.json"));
        for (Map.Entry<String, Json> change : changes.members().entrySet())
            config = config.with(change.getKey(), change.getValue());
        return config;
    }

    private static Model load(String folder, Head head, Json.Obj config) {
        try (Checkpoint weights = Checkpoint.open(GOLDEN.resolve("models/" + folder + "/model.safetensors"))) {
            return switch (head) {
                case SEQUENCE -> SequenceClassifier.of(config, weights, OPTIONS);
                case TOKEN -> TokenClassifier.of(config, weights, OPTIONS);
                case QA -> QuestionAnswering.of(config, weights, OPTIONS);
                case MLM -> MaskedLanguageModel.of(config, weights, OPTIONS);
            };
        }
    }

    @Test
    void everySwitchDoesWhatItDoesInTransformers() {
        List<String> wrong = new ArrayList<>();
        List<Json> cases = Json.read(GOLDEN.resolve("switches.json")).array("cases");
        assertTrue(cases.size() > 30, cases.size() + " cases");
        for (Json each : cases) {
            Json.Obj golden = (Json.Obj) each;
            String folder = golden.string("folder");
            Head head = Head.valueOf(golden.string("head").toUpperCase(Locale.ROOT));
            Model model = load(folder, head, changed(folder, golden.object("config")));
            List<Json> expected = golden.array("logits");
            double largest = 0, difference = 0;
            try (GoldenTensors tensors =
                            GoldenTensors.of(GOLDEN.resolve("models").resolve(folder));
                    Scope _ = Scope.inference()) {
                float[] logits =
                        model.forward(tensors.sequences(""), Pass.INFERENCE).toArray();
                assertEquals(expected.size(), logits.length);
                for (int i = 0; i < logits.length; i++) {
                    double value = ((Json.Num) expected.get(i)).asDouble();
                    largest = Math.max(largest, Math.abs(value));
                    difference = Math.max(difference, Math.abs(value - logits[i]));
                }
            }
            if (!(difference <= 1e-5 * largest))
                wrong.add(folder + " " + head + " " + golden.object("config").pretty() + ": " + difference);
        }
        assertEquals(List.of(), wrong);
    }

    private static String refusal(String folder, Head head, String changes) {
        Json.Obj parsed = Json.parse("changes", changes.getBytes(StandardCharsets.UTF_8));
        return assertThrows(PretrainedException.class, () -> load(folder, head, changed(folder, parsed)))
                .getMessage()
                .replaceFirst(".*config.json: ", "");
    }

    private static String sequence(String changes) {
        return refusal("bert-c9-l2", Head.SEQUENCE, changes);
    }

    @Test
    void whatNoEncoderHasIsRefusedByItsName() {
        for (String positions : List.of("relative_key", "relative_key_query", "alibi", "rotary"))
            assertEquals(
                    "position_embedding_type is \"" + positions + "\", expected \"absolute\"",
                    sequence("{\"position_embedding_type\": \"" + positions + "\"}"));
        for (String decoder : List.of("is_decoder", "add_cross_attention"))
            assertEquals(decoder + " is true, expected an encoder", sequence("{\"" + decoder + "\": true}"));
        assertEquals("type_vocab_size must be at least 1, got 0", sequence("{\"type_vocab_size\": 0}"));
        assertEquals(
                "hidden_size 9 is not a multiple of num_attention_heads 2; each head gets hidden_size / "
                        + "num_attention_heads channels",
                sequence("{\"num_attention_heads\": 2}"));
    }

    @Test
    void otherActivationsAreRefusedByTheirName() {
        String known = ", expected gelu, gelu_new, gelu_pytorch_tanh, relu or tanh";
        for (String name : List.of("silu", "swish", "quick_gelu", "mish", "gelu_10", "linear", "GELU"))
            assertEquals("hidden_act is \"" + name + "\"" + known, sequence("{\"hidden_act\": \"" + name + "\"}"));
        assertEquals(
                "activation is \"silu\"" + known,
                refusal("distilbert-c9-l2", Head.TOKEN, "{\"activation\": \"silu\"}"));
        assertEquals(
                "pooler_hidden_act is \"silu\"" + known,
                refusal("deberta-c9-l2-v3", Head.SEQUENCE, "{\"pooler_hidden_act\": \"silu\"}"));
        assertEquals(
                "conv_act is \"silu\"" + known,
                refusal("deberta-c6-l3-conv", Head.SEQUENCE, "{\"conv_act\": \"silu\"}"));
    }

    @Test
    void headsThatCannotBeAreRefused() {
        assertEquals(
                "tie_word_embeddings is false, expected a decoder that is tied to the embeddings",
                refusal("bert-c9-l2", Head.MLM, "{\"tie_word_embeddings\": false}"));
        assertEquals(
                "problem_type is \"ranking\", expected single_label_classification, multi_label_classification or"
                        + " regression",
                sequence("{\"problem_type\": \"ranking\"}"));
        assertEquals(
                "problem_type is single_label_classification with the label [A] alone, expected at least two; name "
                        + "another, or ask for a regression",
                sequence("{\"problem_type\": \"single_label_classification\", \"id2label\": {\"0\": \"A\"}}"));
        assertTrue(
                sequence("{\"id2label\": null, \"num_labels\": 4}")
                        .endsWith("does config.json belong to these weights?"),
                "as many labels as the classifier has rows");
        assertTrue(
                refusal("roberta-c9-l2", Head.TOKEN, "{\"pad_token_id\": 22}")
                        .startsWith("num_hidden_layers, vocab_size, intermediate_size and the positions must be at"),
                "no position is left");
    }

    @Test
    void dropoutsAreThoseThatTheHeadOfTheArchitectureReads() {
        Json.Obj own =
                Json.Obj.empty("changes").with("classifier_dropout", 0.75).with("hidden_dropout_prob", 0.5);
        float[] expected = {0.75f, 0.75f, 0.75f, 0.5f};
        String[] folders = {"bert-c9-l2", "roberta-c9-l2", "electra-c9-e5-l2", "mpnet-c9-l2"};
        float[] actual = new float[folders.length];
        for (int i = 0; i < folders.length; i++)
            actual[i] = load(folders[i], Head.SEQUENCE, changed(folders[i], own))
                    .config()
                    .classifierDropout();
        assertArrayEquals(expected, actual);
        Json.Obj cls = own.with("cls_dropout", 0.25);
        String deberta = "deberta-c9-l2-v3";
        assertEquals(
                0.5f,
                load(deberta, Head.SEQUENCE, changed(deberta, own)).config().classifierDropout());
        assertEquals(
                0.25f,
                load(deberta, Head.SEQUENCE, changed(deberta, cls)).config().classifierDropout());
    }
}
