package dev.merapi.nn.pretrained;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.nn.pretrained.SafetensorsWriter.Weight;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderWriterTest {
    @TempDir
    Path parent;

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.map(e -> e.getFileName().toString()).sorted().toList();
        }
    }

    private static void save(Path folder, String config) {
        try (FolderWriter out = FolderWriter.open(folder)) {
            out.json("config.json", Json.Obj.empty("config.json").with("model_type", config));
            out.weights("model.safetensors", List.of(new Weight("w", new long[] {1}, Floats.of(3))));
            out.text("vocab.txt", "[PAD]\né\n");
            out.commit();
        }
    }

    @Test
    void aFolderIsSavedWithItsParents() throws IOException {
        Path folder = parent.resolve("a/b/model");
        save(folder, "bert");
        assertEquals(List.of("config.json", "model.safetensors", "vocab.txt"), names(folder));
        assertEquals("{\n  \"model_type\": \"bert\"\n}\n", Files.readString(folder.resolve("config.json")));
        assertEquals("[PAD]\né\n", Files.readString(folder.resolve("vocab.txt")));
        assertEquals(List.of("model"), names(folder.getParent()));
    }

    @Test
    void anOldModelIsReplacedWithAllThatItHeld() throws IOException {
        Path folder = parent.resolve("model");
        save(folder, "old");
        Files.writeString(folder.resolve("tokenizer.json"), "of another tokenizer");
        save(folder, "new");
        assertEquals(List.of("config.json", "model.safetensors", "vocab.txt"), names(folder));
        assertEquals("new", Json.read(folder.resolve("config.json")).string("model_type"));
        assertEquals(List.of("model"), names(parent));
    }

    @Test
    void anEmptyFolderAndALinkAreFilled() throws IOException {
        Path folder = Files.createDirectory(parent.resolve("model"));
        Path link = Files.createSymbolicLink(parent.resolve("link"), folder);
        save(link, "bert");
        assertEquals(List.of("config.json", "model.safetensors", "vocab.txt"), names(folder));
        assertEquals(folder.toRealPath(), link.toRealPath());
    }

    @Test
    void whatAKilledSaveLeftIsTidiedUp() throws IOException {
        Path folder = parent.resolve("model");
        save(folder, "old");
        Files.move(folder, parent.resolve(".model.1f.old")); // killed between the two renames
        Files.createDirectories(parent.resolve(".model.2a.tmp/1_Pooling"));
        Files.createDirectory(parent.resolve(".model.other.tmp"));
        FolderWriter.recover(folder);
        assertEquals(List.of(".model.other.tmp", "model"), names(parent));
        assertEquals("old", Json.read(folder.resolve("config.json")).string("model_type"));

        Files.createDirectory(parent.resolve(".model.1f.old")); // killed before it was deleted
        FolderWriter.recover(folder);
        assertEquals(List.of(".model.other.tmp", "model"), names(parent));
        FolderWriter.recover(parent.resolve("nowhere/model"));
    }

    @Test
    void withoutACommitNothingIsLeft() throws IOException {
        Path folder = parent.resolve("model");
        try (FolderWriter out = FolderWriter.open(folder)) {
            out.text("config.json", "{}");
        }
        assertEquals(List.of(), names(parent));
        save(folder, "old");
        Samples.refusal(() -> {
            try (FolderWriter out = FolderWriter.open(folder)) {
                out.text("config.json", "half-written");
                out.text("missing/vocab.txt", "");
                out.commit();
            }
        });
        assertEquals("old", Json.read(folder.resolve("config.json")).string("model_type"));
        assertEquals(List.of("model"), names(parent));
    }

    @Test
    void foldersThatHoldOtherThingsAreLeftAlone() throws IOException {
        Path folder = Files.createDirectory(parent.resolve("home"));
        Files.writeString(folder.resolve("thesis.tex"), "years of work");
        String refused =
                folder + ": saving replaces a folder, which must be empty or hold a model (a config.json and no"
                        + " folders), got %s in it; name another folder";
        assertEquals(refused.formatted("thesis.tex"), Samples.refusal(() -> save(folder, "bert")));
        Files.delete(folder.resolve("thesis.tex"));
        save(folder, "bert");
        Files.createDirectory(folder.resolve("checkpoint-1"));
        assertEquals(refused.formatted("checkpoint-1"), Samples.refusal(() -> save(folder, "bert")));
    }

    @Test
    void whatWasPutThereMeanwhileIsLeftAlone() throws IOException {
        Path folder = parent.resolve("model");
        try (FolderWriter out = FolderWriter.open(folder)) {
            Files.createDirectory(folder);
            Files.writeString(folder.resolve("thesis.tex"), "years of work");
            Samples.refusal(out::commit);
        }
        assertEquals(List.of("thesis.tex"), names(folder));
        assertEquals(List.of("model"), names(parent));
    }

    @Test
    void aPlaceThatCannotBeWrittenIsSaid() throws IOException {
        Path file = Files.writeString(parent.resolve("file"), "");
        assertEquals(
                file + ": a model is saved as a folder, got a file; name another folder",
                Samples.refusal(() -> save(file, "bert")));
        Path below = file.resolve("model");
        assertEquals(
                below + ": cannot be written (a file of that name is in the way); name a folder where you may write",
                Samples.refusal(() -> save(below, "bert")));
        Path endless = parent.resolve("m".repeat(300));
        assertEquals(
                endless + ": cannot be written (File name too long); name a folder where you may write",
                Samples.refusal(() -> save(endless, "bert")));
        Path root = parent.getRoot();
        assertEquals(
                root + ": a model cannot be saved as the root folder; name a folder in it",
                Samples.refusal(() -> save(root, "bert")));
    }

    @Test
    void aFolderWithoutPermissionIsSaid() throws IOException {
        assumeFalse(System.getProperty("user.name").equals("root"), "root may write everywhere");
        Path locked = Files.createDirectory(parent.resolve("locked"));
        Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("r-xr-xr-x"));
        assertEquals(
                locked.resolve("model") + ": cannot be written (permission denied); name a folder where you may write",
                Samples.refusal(() -> save(locked.resolve("model"), "bert")));
    }
}
