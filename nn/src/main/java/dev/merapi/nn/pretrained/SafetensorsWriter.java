package dev.merapi.nn.pretrained;

import dev.merapi.engine.kernel.Floats;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Writes safetensors files as the Python library does: tensors by descending size of their type (here all
/// F32), then by name; the header padded with spaces to a multiple of 8; `{"format": "pt"}`, which transformers
/// asks for.
public final class SafetensorsWriter {
    private static final int BUFFER_BYTES = 1 << 20;

    private SafetensorsWriter() {}

    /// A tensor to write, row-major.
    public record Weight(String name, long[] shape, Floats values) {
        public Weight {
            long n = 1;
            for (long size : shape) n *= size;
            if (n != values.length)
                throw new PretrainedException("\"" + name + "\": shape " + Arrays.toString(shape) + " has " + n
                        + " values, got " + values.length);
        }
    }

    /// Writes `file` atomically: after an error or a crash there is the old file or the new one, never a part.
    public static void write(Path file, List<Weight> weights) {
        List<Weight> sorted =
                weights.stream().sorted(Comparator.comparing(Weight::name)).toList();
        byte[] header = header(file, sorted);
        AtomicFiles.write(file, out -> {
            ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            writeFully(out, buffer.putLong(header.length).flip());
            writeFully(out, ByteBuffer.wrap(header));
            for (Weight weight : sorted) writeValues(out, buffer, weight.values());
        });
    }

    private static byte[] header(Path file, List<Weight> sorted) {
        StringBuilder json = new StringBuilder("{\"__metadata__\":{\"format\":\"pt\"}");
        Set<String> names = new HashSet<>();
        long position = 0;
        for (Weight weight : sorted) {
            if (!names.add(weight.name()) || weight.name().equals("__metadata__"))
                throw new PretrainedException(
                        file + ": \"" + weight.name() + "\": a name must be unique, got it twice");
            JsonPrinter.quote(weight.name(), Character.MAX_VALUE, json.append(','));
            json.append(":{\"dtype\":\"F32\",\"shape\":")
                    .append(Arrays.toString(weight.shape()).replace(" ", ""))
                    .append(",\"data_offsets\":[")
                    .append(position)
                    .append(',')
                    .append(position += 4L * weight.values().length)
                    .append("]}");
        }
        byte[] utf8 = json.append('}').toString().getBytes(StandardCharsets.UTF_8);
        byte[] padded = Arrays.copyOf(utf8, (utf8.length + 7) / 8 * 8);
        Arrays.fill(padded, utf8.length, padded.length, (byte) ' ');
        return padded;
    }

    private static void writeValues(FileChannel out, ByteBuffer buffer, Floats values) throws IOException {
        for (int from = 0; from < values.length; from += BUFFER_BYTES / 4) {
            int n = Math.min(values.length - from, BUFFER_BYTES / 4);
            buffer.clear().asFloatBuffer().put(values.array, values.offset + from, n);
            writeFully(out, buffer.limit(4 * n));
        }
    }

    private static void writeFully(FileChannel out, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) out.write(bytes);
    }
}
