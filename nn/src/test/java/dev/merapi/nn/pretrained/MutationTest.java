package dev.merapi.nn.pretrained;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.sun.management.ThreadMXBean;
import dev.merapi.engine.kernel.Floats;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Seeded damage to golden files: a reader answers with the tensors, or with a [PretrainedException], and
/// nothing else, and allocates about what the honest file needs, whatever sizes the damaged one claims.
@Timeout(120)
class MutationTest {
    /// Beyond what the honest file takes: buffers, and a tensor of the million values that [#readAll] reads.
    private static final long MARGIN = 16 << 20;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private interface Reader {
        void read(byte[] content) throws IOException;
    }

    private static void survives(byte[] original, int rounds, Reader reader) {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(20);
        int refused = 0;
        long honest = allocated(original, reader);
        for (int round = 0; round < rounds; round++) {
            byte[] damaged = damage(original, random);
            long before = THREADS.getCurrentThreadAllocatedBytes();
            try {
                reader.read(damaged);
            } catch (PretrainedException e) {
                refused++;
            } catch (Throwable e) {
                fail("round " + round + ": " + HexFormat.of().formatHex(damaged), e);
            }
            long bytes = THREADS.getCurrentThreadAllocatedBytes() - before;
            if (bytes > honest + MARGIN)
                fail("round " + round + " allocated " + bytes + " bytes, the honest file " + honest + ": "
                        + HexFormat.of().formatHex(damaged));
        }
        assertTrue(refused > rounds / 10 && refused < rounds, refused + " of " + rounds + " were refused");
    }

    private static long allocated(byte[] original, Reader reader) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        try {
            reader.read(original);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }

    /// One to three changes: a byte, a bit, a piece left out, a piece doubled, an end cut off, an edge value of
    /// 8 bytes.
    private static byte[] damage(byte[] original, RandomGenerator random) {
        byte[] bytes = original.clone();
        for (int i = random.nextInt(1, 4); i > 0 && bytes.length > 8; i--) {
            int at = random.nextInt(bytes.length - 8);
            int length = random.nextInt(1, 9);
            switch (random.nextInt(6)) {
                case 0 -> bytes[at] = (byte) random.nextInt();
                case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 2 -> bytes = splice(bytes, at, at + length);
                case 3 -> bytes = splice(bytes, at + length, at);
                case 4 -> bytes = Arrays.copyOf(bytes, at);
                default -> Arrays.fill(bytes, at, at + 8, (byte) (random.nextBoolean() ? 0xFF : 0x7F));
            }
        }
        return bytes;
    }

    /// `bytes[0 … end) + bytes[start …)`
    private static byte[] splice(byte[] bytes, int start, int end) {
        byte[] joined = Arrays.copyOf(bytes, end + bytes.length - start);
        System.arraycopy(bytes, start, joined, end, bytes.length - start);
        return joined;
    }

    private static void readAll(Checkpoint checkpoint) {
        for (String name : checkpoint.names()) {
            long count = checkpoint.info(name).count();
            if (count < 1 << 20) checkpoint.read(name, Floats.allocate((int) count));
        }
    }

    @Test
    void safetensorsSurvivesDamage(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("m.safetensors");
        survives(Files.readAllBytes(Samples.golden("types.safetensors")), 600, content -> {
            Files.write(file, content);
            try (Checkpoint checkpoint = Checkpoint.open(file)) {
                readAll(checkpoint);
            }
        });
    }

    @Test
    void onnxSurvivesDamage() throws IOException {
        for (String name : new String[] {"block.onnx", "forms.onnx"})
            survives(Files.readAllBytes(Samples.golden(name)), 3000, content -> {
                try (Checkpoint checkpoint = Checkpoint.onnx(content, name)) {
                    readAll(checkpoint);
                }
            });
    }

    @Test
    void pyTorchSurvivesDamage(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("m.bin");
        for (String name : new String[] {"state.bin", "state-protocol4.bin", "state-no-crc.bin", "state-legacy.bin"})
            survives(Files.readAllBytes(Samples.golden("torch/" + name)), 1500, content -> {
                Files.write(file, content);
                try (Checkpoint checkpoint = Checkpoint.open(file)) {
                    readAll(checkpoint);
                }
            });
    }

    /// The pickle alone: its damage is not covered up by checksums.
    @Test
    void picklesSurviveDamage() throws IOException {
        MappedFile file = MappedFile.open(Samples.golden("torch/state.bin"));
        byte[] pickle = ZipArchive.entries("m.bin", file.bytes())
                .get("state/data.pkl")
                .bytes("m.bin")
                .toArray(ValueLayout.JAVA_BYTE);
        survives(pickle, 5000, content -> new Unpickler("m.bin", MemorySegment.ofArray(content), 0).read());
        file.close();
    }

    @Test
    void jsonSurvivesDamage() throws IOException {
        survives(Files.readAllBytes(Samples.golden("python.json")), 3000, content -> {
            Json.Obj tree = Json.parse("config.json", content);
            assertTrue(tree.equals(Json.parse("config.json", Samples.utf8(tree.pretty()))), "reads back differently");
        });
    }
}
