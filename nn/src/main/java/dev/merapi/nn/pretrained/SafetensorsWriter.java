package dev.merapi.nn.pretrained;

import dev.merapi.engine.kernel.Floats;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Writes safetensors files as the Python library does: tensors by descending type, the widest first, then by
/// name; the header padded with spaces to a multiple of 8; `{"format": "pt"}`, which transformers asks for.
public final class SafetensorsWriter {
    private static final int BUFFER_BYTES = 1 << 20;

    private SafetensorsWriter() {}

    /// A float32 tensor to write, row-major.
    public record Weight(String name, long[] shape, Floats values) {
        public Weight {
            long n = 1;
            for (long size : shape) n *= size;
            if (n != values.length)
                throw new PretrainedException("\"" + name + "\": shape " + Arrays.toString(shape) + " has " + n
                        + " values, got " + values.length);
        }

        private Source source() {
            return new Source(new TensorInfo(name, DType.F32, shape), out -> writeValues(out, values));
        }
    }

    /// A tensor of any type to write, from wherever its values are.
    record Source(TensorInfo info, Values values) {
        interface Values {
            /// Writes all values, little-endian and row-major.
            void write(WritableByteChannel out) throws IOException;
        }
    }

    /// Writes `file` atomically: after an error or a crash there is the old file or the new one, never a part.
    public static void write(Path file, List<Weight> weights) {
        write(file, Map.of("format", "pt"), weights.stream().map(Weight::source).toList());
    }

    /// Writes tensors of any types, with this `__metadata__`, in its order.
    static void write(Path file, Map<String, String> metadata, List<Source> tensors) {
        List<Source> sorted = tensors.stream()
                .sorted(Comparator.comparing((Source t) -> t.info().dtype())
                        .reversed()
                        .thenComparing(t -> t.info().name()))
                .toList();
        byte[] header = header(file, metadata, sorted);
        AtomicFiles.write(file, out -> {
            ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
            writeFully(out, length.putLong(header.length).flip());
            writeFully(out, ByteBuffer.wrap(header));
            for (Source tensor : sorted) {
                long end = out.position() + bytes(tensor.info());
                tensor.values().write(out);
                if (out.position() != end)
                    throw new IllegalStateException(tensor.info() + " was written with another number of bytes");
            }
        });
    }

    private static byte[] header(Path file, Map<String, String> metadata, List<Source> sorted) {
        StringBuilder json = new StringBuilder("{\"__metadata__\":{");
        metadata.forEach((name, value) -> {
            if (json.charAt(json.length() - 1) != '{') json.append(',');
            JsonPrinter.quote(name, Character.MAX_VALUE, json);
            JsonPrinter.quote(value, Character.MAX_VALUE, json.append(':'));
        });
        json.append('}');
        Set<String> names = new HashSet<>();
        long position = 0;
        for (Source tensor : sorted) {
            String name = tensor.info().name();
            if (!names.add(name) || name.equals("__metadata__"))
                throw new PretrainedException(file + ": \"" + name + "\": a name must be unique, got it twice");
            JsonPrinter.quote(name, Character.MAX_VALUE, json.append(','));
            json.append(":{\"dtype\":\"")
                    .append(tensor.info().dtype())
                    .append("\",\"shape\":")
                    .append(Arrays.toString(tensor.info().shape()).replace(" ", ""))
                    .append(",\"data_offsets\":[")
                    .append(position)
                    .append(',')
                    .append(position += bytes(tensor.info()))
                    .append("]}");
        }
        byte[] utf8 = json.append('}').toString().getBytes(StandardCharsets.UTF_8);
        byte[] padded = Arrays.copyOf(utf8, (utf8.length + 7) / 8 * 8);
        Arrays.fill(padded, utf8.length, padded.length, (byte) ' ');
        return padded;
    }

    private static long bytes(TensorInfo tensor) {
        return tensor.count() * tensor.dtype().bytes;
    }

    private static void writeValues(WritableByteChannel out, Floats values) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(BUFFER_BYTES, 4L * values.length))
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int from = 0; from < values.length; from += BUFFER_BYTES / 4) {
            int n = Math.min(values.length - from, BUFFER_BYTES / 4);
            buffer.clear().asFloatBuffer().put(values.readable(), values.offset + from, n);
            writeFully(out, buffer.limit(4 * n));
        }
    }

    private static void writeFully(WritableByteChannel out, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) out.write(bytes);
    }
}
