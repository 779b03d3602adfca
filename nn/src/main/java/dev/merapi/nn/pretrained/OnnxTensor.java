package dev.merapi.nn.pretrained;

import dev.merapi.engine.kernel.Floats;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// An initializer of an ONNX graph: `TensorProto` of onnx.proto (<https://github.com/onnx/onnx>, version 1.23).
///
/// @param info null where the elements are of a type that is no number (strings, 4 bit)
/// @param data little-endian values; null where they are stored in another way than raw_data or float_data
record OnnxTensor(String name, TensorInfo info, MemorySegment data) {
    private static final int MAX_RANK = 64;
    private static final int EXTERNAL = 1;

    static OnnxTensor parse(String source, ProtobufReader in) {
        List<Long> dims = new ArrayList<>();
        String name = "";
        long type = 0;
        MemorySegment raw = null;
        ByteArrayOutputStream floats = new ByteArrayOutputStream();
        boolean external = false;
        while (in.next()) {
            switch (in.field()) {
                case 1 -> dims(source, in, dims);
                case 2 -> type = in.varint();
                case 4 ->
                    floats.writeBytes((in.wireType() == ProtobufReader.BYTES ? in.bytes() : in.fixed32())
                            .toArray(ValueLayout.JAVA_BYTE));
                case 8 -> name = in.string();
                case 9 -> raw = in.bytes();
                case 14 -> external = in.varint() == EXTERNAL;
                default -> {} // doc strings, and values of types that no weight has
            }
        }
        String where = source + ": \"" + name + "\"";
        if (external)
            throw new PretrainedException(where + ": expected its values in the file, got a reference to another one;"
                    + " save the model as a single file");
        DType dtype = dtype(type);
        if (dtype == null) return new OnnxTensor(name, null, null);
        TensorInfo info = new TensorInfo(
                name, dtype, dims.stream().mapToLong(Long::longValue).toArray());
        if (raw == null && (floats.size() > 0 || dtype == DType.F32)) raw = MemorySegment.ofArray(floats.toByteArray());
        if (raw != null && raw.byteSize() != bytes(where, info))
            throw new PretrainedException(
                    where + ": " + dtype + " " + Arrays.toString(info.shape()) + " needs " + bytes(where, info)
                            + " bytes, got " + raw.byteSize() + "; the file is damaged, download it again");
        return new OnnxTensor(name, info, raw);
    }

    /// One number, or a packed array of them.
    private static void dims(String source, ProtobufReader in, List<Long> dims) {
        if (in.wireType() == ProtobufReader.BYTES) {
            ProtobufReader packed = in.message(source + ": dims");
            while (packed.hasMore()) addDim(source, packed.rawVarint(), dims);
        } else addDim(source, in.varint(), dims);
    }

    private static void addDim(String source, long size, List<Long> dims) {
        if (size < 0 || dims.size() == MAX_RANK)
            throw new PretrainedException(
                    source + ": a tensor must have at most " + MAX_RANK + " sizes of at least 0, got " + dims + " and "
                            + size + "; the file is damaged, download it again");
        dims.add(size);
    }

    private static long bytes(String where, TensorInfo info) {
        try {
            long n = info.dtype().bytes;
            for (long size : info.shape()) n = Math.multiplyExact(n, size);
            return n;
        } catch (ArithmeticException e) {
            throw new PretrainedException(
                    where + ": shape " + Arrays.toString(info.shape())
                            + " must have fewer than 2^63 bytes; the file is damaged, download it again",
                    e);
        }
    }

    /// `TensorProto.DataType`.
    private static DType dtype(long type) {
        return switch (Math.clamp(type, 0, 99)) {
            case 1 -> DType.F32;
            case 2 -> DType.U8;
            case 3 -> DType.I8;
            case 4 -> DType.U16;
            case 5 -> DType.I16;
            case 6 -> DType.I32;
            case 7 -> DType.I64;
            case 9 -> DType.BOOL;
            case 10 -> DType.F16;
            case 11 -> DType.F64;
            case 12 -> DType.U32;
            case 13 -> DType.U64;
            case 16 -> DType.BF16;
            case 17 -> DType.F8_E4M3;
            case 19 -> DType.F8_E5M2;
            default -> null;
        };
    }

    /// The values, transposed if `transposed`: `data [in, out] → out [out, in]`.
    Floats read(String source, boolean transposed, Floats out) {
        info.checkRoom(source, out.length);
        if (data == null)
            throw new PretrainedException(
                    source + ": \"" + name + "\": expected raw_data or float_data, got values of type " + info.dtype()
                            + " stored in another way; convert the model to safetensors");
        if (!transposed) {
            info.dtype().decode(data, out);
            return out;
        }
        Floats stored = Floats.allocate(out.length);
        info.dtype().decode(data, stored);
        int rows = (int) info.shape()[0];
        int columns = (int) info.shape()[1];
        for (int r = 0; r < rows; r++)
            for (int c = 0; c < columns; c++) out.array[out.offset + c * rows + r] = stored.array[r * columns + c];
        return out;
    }
}
