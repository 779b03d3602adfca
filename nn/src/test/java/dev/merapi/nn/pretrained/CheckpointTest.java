package dev.merapi.nn.pretrained;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.nn.pretrained.SafetensorsWriter.Weight;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {
    private static final String INDEX = "model.safetensors.index.json";

    @TempDir
    Path folder;

    private Path model;

    @BeforeEach
    void makeFolder() throws IOException {
        model = Files.createDirectory(folder.resolve("model"));
    }

    private void shard(String file, String... names) {
        List<Weight> weights = java.util.Arrays.stream(names)
                .map(n -> new Weight(n, new long[] {1}, Floats.of(n.length())))
                .toList();
        SafetensorsWriter.write(model.resolve(file), weights);
    }

    private void index(String weightMap) throws IOException {
        Files.writeString(model.resolve(INDEX), "{\"metadata\":{},\"weight_map\":{" + weightMap + "}}");
    }

    private String refusal() {
        return Samples.refusal(() -> Checkpoint.open(model).close());
    }

    @Test
    void shardsReadAsOneCheckpoint() {
        try (Checkpoint sharded =
                Checkpoint.open(Samples.golden("sharded/" + INDEX).getParent())) {
            assertEquals(INDEX, sharded.source());
            assertEquals(Set.of("t0", "t1", "t2", "t3", "t4"), sharded.names());
            for (int i = 0; i < 5; i++) {
                float[] expected = new float[3 * i + 3];
                for (int j = 0; j < expected.length; j++) expected[j] = i + j / 8f;
                assertArrayEquals(new long[] {i + 1, 3}, sharded.info("t" + i).shape());
                assertArrayEquals(expected, Samples.read(sharded, "t" + i));
            }
            assertEquals(
                    INDEX + ": there is no tensor \"t5\" among its 5; list its names with `merapi inspect`",
                    Samples.refusal(() -> sharded.info("t5")));
        }
    }

    @Test
    void aShardMustBeABareFileName() throws IOException {
        for (String shard : List.of("../x.safetensors", "/x.safetensors", "a\\\\x.safetensors", "..", "x.bin", "")) {
            index("\"a\":\"" + shard + "\"");
            assertEquals(
                    INDEX + ": \"a\": a shard must be a file name in the same folder that ends in .safetensors, got \""
                            + shard.replace("\\\\", "\\") + "\"; do not trust this model",
                    refusal());
        }
    }

    @Test
    void everyTensorMustLieInExactlyItsShard() throws IOException {
        String another = "; index and files are of different models, download them again";
        shard("1.safetensors", "a");
        shard("2.safetensors", "b");
        index("\"a\":\"2.safetensors\",\"b\":\"1.safetensors\"");
        assertEquals(INDEX + ": \"a\": expected in 2.safetensors, which does not hold it" + another, refusal());
        index("\"a\":\"1.safetensors\"");
        shard("1.safetensors", "a", "extra");
        assertEquals(INDEX + ": \"extra\": got in 1.safetensors, expected nowhere" + another, refusal());
        index("\"a\":\"1.safetensors\",\"b\":\"2.safetensors\"");
        shard("1.safetensors", "a", "b");
        assertEquals(INDEX + ": \"b\": got in 1.safetensors, expected only in 2.safetensors" + another, refusal());
        index("\"a\":\"3.safetensors\"");
        assertEquals(
                INDEX + ": \"a\": expected the file 3.safetensors beside the index, got none; download it too",
                refusal());
        index("\"a\":\"1.safetensors\",\"a\":\"2.safetensors\"");
        assertEquals(
                INDEX
                        + ": expected valid JSON, got an error in line 1, column 53: Duplicate field 'a'; the file is"
                        + " damaged",
                refusal());
        index("\"a\":1");
        assertEquals(INDEX + ": weight_map.a must be a string, got 1", refusal());
    }

    @Test
    void shardsOfPyTorchReadAsOneCheckpoint() {
        try (Checkpoint sharded = Checkpoint.open(Samples.golden("torch/sharded"))) {
            assertEquals("pytorch_model.bin.index.json", sharded.source());
            assertEquals(Set.of("t0", "t1", "t2"), sharded.names());
            assertArrayEquals(new float[] {0, 0.25f, 0.5f, 0.75f, 1, 1.25f}, Samples.read(sharded, "t1"));
            assertArrayEquals(new float[] {0, 1.5f, 0.5f, 2, 1, 2.5f}, Samples.read(sharded, "t2"));
            assertEquals(
                    List.of(
                            "pytorch_model.bin.index.json",
                            "pytorch_model-00001-of-00002.bin",
                            "pytorch_model-00002-of-00002.bin"),
                    sharded.files().stream()
                            .map(f -> f.getFileName().toString())
                            .toList());
        }
    }

    @Test
    void safetensorsArePreferredThenPyTorchThenOnnx() throws IOException {
        Files.copy(Samples.golden("forms.onnx"), model.resolve("any.onnx"));
        assertOpens("any.onnx");
        Files.createDirectory(model.resolve("onnx"));
        Files.copy(Samples.golden("block.onnx"), model.resolve("onnx/model.onnx"));
        assertOpens("model.onnx");
        Files.copy(Samples.golden("torch/state.bin"), model.resolve("pytorch_model.bin"));
        assertOpens("pytorch_model.bin");
        shard("1.safetensors", "a");
        index("\"a\":\"1.safetensors\"");
        assertOpens(INDEX);
        shard("model.safetensors", "a");
        assertOpens("model.safetensors");
    }

    private void assertOpens(String file) {
        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            assertEquals(file, checkpoint.source());
        }
    }

    @Test
    void whatCannotBeOpenedIsSaidWithARemedy() throws IOException {
        String expected =
                model + ": expected model.safetensors, pytorch_model.bin, an index of shards or model.onnx, got ";
        assertEquals(expected + "an empty folder; name a folder that transformers saved", refusal());
        Files.createFile(model.resolve("training_args.bin"));
        assertEquals(expected + "training_args.bin; name a folder that transformers saved", refusal());
        Files.copy(Samples.golden("torch/state.bin"), model.resolve("first.bin"));
        assertOpens("first.bin");
        Files.copy(Samples.golden("torch/state.bin"), model.resolve("second.pt"));
        assertEquals(expected + "first.bin, second.pt, training_args.bin; name one of the files", refusal());
        Path nothing = folder.resolve("nothing");
        assertEquals(
                nothing
                        + ": there is no such file or folder; expected a model folder, a .safetensors, .bin, .pt or"
                        + " .onnx file",
                Samples.refusal(() -> Checkpoint.open(nothing)));
        Path pointer = Files.writeString(
                folder.resolve("m.safetensors"), "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n");
        assertEquals(
                pointer + ": expected weights, got a pointer of Git LFS to them; run `git lfs pull` in its folder",
                Samples.refusal(() -> Checkpoint.open(pointer)));
    }

    /// Of every format, transposed matrices among them.
    @Test
    void partsOfATensorAreThoseOfTheWhole() {
        for (String name : List.of("block.onnx", "torch/state.bin", "sharded/" + INDEX))
            try (Checkpoint stored = Checkpoint.open(Samples.golden(name))) {
                for (Checkpoint checkpoint : List.of(stored, stored.inMemory()))
                    for (String tensor : checkpoint.names()) {
                        float[] whole = Samples.read(checkpoint, tensor);
                        int from = whole.length / 3, length = whole.length - from - whole.length / 5;
                        Floats part = new Floats(new float[length + 2], 1, length);
                        checkpoint.read(tensor, from, part);
                        assertArrayEquals(java.util.Arrays.copyOfRange(whole, from, from + length), part.toArray());
                    }
                String first = stored.names().iterator().next();
                long count = stored.info(first).count();
                assertEquals(
                        "asked for 2 from number " + (count - 1) + " on",
                        Samples.refusal(() -> stored.read(first, count - 1, Floats.allocate(2)))
                                .replaceFirst(".*(?=asked)", ""));
            }
    }
}
