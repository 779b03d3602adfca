package dev.merapi.nn.pretrained;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Set;
import org.junit.jupiter.api.Test;

class OnnxTest {

    /// One field of a message: its number, wire type 2, length, content.
    private static byte[] field(int number, byte[]... parts) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        for (byte[] part : parts) content.writeBytes(part);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(number << 3 | 2);
        out.writeBytes(varint(content.size()));
        out.writeBytes(content.toByteArray());
        return out.toByteArray();
    }

    private static byte[] field(int number, long value) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(number << 3);
        out.writeBytes(varint(value));
        return out.toByteArray();
    }

    private static byte[] varint(long value) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (; value >>> 7 != 0; value >>>= 7) out.write((int) (value & 127 | 128));
        out.write((int) value);
        return out.toByteArray();
    }

    private static byte[] name(String name) {
        return field(8, Samples.utf8(name));
    }

    /// A model whose graph has one initializer.
    private static byte[] model(byte[]... tensor) {
        return field(7, field(5, tensor));
    }

    private static String refusal(byte[]... model) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (byte[] part : model) bytes.writeBytes(part);
        return Samples.refusal(() -> Checkpoint.onnx(bytes.toByteArray(), "m.onnx"));
    }

    @Test
    void exportedMatricesGetTheirNamesAndOrientationBack() throws IOException {
        try (Checkpoint onnx = Checkpoint.open(Samples.golden("block.onnx"));
                Checkpoint torch = Checkpoint.open(Samples.golden("block.safetensors"))) {
            Set<String> expected = new java.util.TreeSet<>(torch.names());
            expected.remove("projection.weight"); // has no bias to be found through
            expected.add("onnx::MatMul_23");
            assertEquals(expected, onnx.names());
            assertArrayEquals(new long[] {3, 2}, onnx.info("onnx::MatMul_23").shape());
            for (String name : torch.names()) {
                if (name.equals("projection.weight")) continue;
                assertEquals(torch.info(name), onnx.info(name));
                assertArrayEquals(Samples.read(torch, name), Samples.read(onnx, name), name);
            }
            try (var in = Files.newInputStream(Samples.golden("block.onnx"));
                    Checkpoint stream = Checkpoint.onnx(in, "block.onnx")) {
                assertArrayEquals(Samples.read(torch, "inner.weight"), Samples.read(stream, "inner.weight"));
            }
        }
    }

    @Test
    void initializersAreReadInTheirForms() {
        try (Checkpoint forms = Checkpoint.open(Samples.golden("forms.onnx"))) {
            assertEquals(Set.of("floats", "f16", "bf16", "f64", "i64", "scalar", "empty", "int64_data"), forms.names());
            assertArrayEquals(new float[] {1.5f, -2, 0.1f, 1e-40f}, Samples.read(forms, "floats"));
            assertArrayEquals(new float[] {1.5f, -0.099975586f, 65504}, Samples.read(forms, "f16"));
            assertArrayEquals(new float[] {1.5f, -2}, Samples.read(forms, "bf16"));
            assertArrayEquals(new float[] {0.1f, Float.NEGATIVE_INFINITY}, Samples.read(forms, "f64"));
            assertArrayEquals(new float[] {0, -7, 0x1p40f}, Samples.read(forms, "i64"));
            assertArrayEquals(new float[] {7}, Samples.read(forms, "scalar"));
            assertArrayEquals(new float[0], Samples.read(forms, "empty"));
            assertEquals("floats F32 [2, 2]", forms.info("floats").toString());
            assertEquals(
                    "forms.onnx: \"int64_data\": expected raw_data or float_data, got values of type I64 stored in another"
                            + " way; convert the model to safetensors",
                    Samples.refusal(() -> Samples.read(forms, "int64_data")));
        }
    }

    @Test
    void floatsMayBeStoredOneByOne() {
        byte[] oneAndTwo = {4 << 3 | 5, 0, 0, (byte) 0x80, 0x3F, 4 << 3 | 5, 0, 0, 0, 0x40};
        Checkpoint onnx = Checkpoint.onnx(model(name("w"), field(1, 2), field(2, 1), oneAndTwo), "m.onnx");
        assertArrayEquals(new float[] {1, 2}, Samples.read(onnx, "w"));
    }

    @Test
    void damagedWireDataIsRefused() {
        String damaged = "; the file is damaged, download it again";
        assertEquals("m.onnx: expected an ONNX model, got no graph in it; download it again", refusal());
        assertEquals(
                "m.onnx: expected 5 bytes in field 7, got 0 until the end at byte 2" + damaged,
                refusal(new byte[] {7 << 3 | 2, 5}));
        assertEquals(
                "m.onnx: expected 18446744073709551615 bytes in field 7, got 0 until the end at byte 11" + damaged,
                refusal(new byte[] {7 << 3 | 2}, varint(-1)));
        assertEquals(
                "m.onnx: expected the rest of a number, got the end at byte 1" + damaged,
                refusal(new byte[] {(byte) 0x80}));
        byte[] endless = new byte[11];
        java.util.Arrays.fill(endless, (byte) 0x80);
        assertEquals(
                "m.onnx: expected a number of at most 10 bytes, got a longer one at byte 10" + damaged,
                refusal(endless));
        assertEquals(
                "m.onnx: expected wire type 0, 1, 2 or 5 in field 1, got 3 at byte 1" + damaged,
                refusal(new byte[] {1 << 3 | 3}));
        assertEquals(
                "m.onnx: expected a field number from 1 to 536870911, got tag 2 at byte 1" + damaged,
                refusal(new byte[] {2, 0}));
        assertEquals(
                "m.onnx: expected wire type 2 in field 7, got 0 at byte 1" + damaged, refusal(new byte[] {7 << 3, 1}));
        assertEquals("m.onnx: expected one graph, got two; the file is damaged", refusal(field(7), field(7)));
    }

    @Test
    void tensorsThatCannotBeAreRefused() {
        String damaged = "; the file is damaged, download it again";
        byte[] f32 = field(2, 1);
        assertEquals(
                "m.onnx: \"w\": F32 [2] needs 8 bytes, got 4" + damaged,
                refusal(model(name("w"), field(1, 2), f32, field(9, new byte[4]))));
        assertEquals(
                "m.onnx: \"w\": F32 [2] needs 8 bytes, got 0" + damaged, refusal(model(name("w"), field(1, 2), f32)));
        assertEquals(
                "m.onnx: \"w\": shape [2, 4611686018427387904] must have fewer than 2^63 bytes" + damaged,
                refusal(model(name("w"), field(1, 2), field(1, 1L << 62), f32, field(9, new byte[4]))));
        assertEquals(
                "m.onnx: a tensor must have at most 64 sizes of at least 0, got [] and -1" + damaged,
                refusal(model(name("w"), field(1, -1), f32)));
        assertEquals(
                "m.onnx: \"w\": expected its values in the file, got a reference to another one; save the model as a single"
                        + " file",
                refusal(model(name("w"), field(1, 2), f32, field(14, 1))));
        assertEquals(
                "m.onnx: \"w\": got two tensors of this name; the file is damaged",
                refusal(field(7, field(5, name("w")), field(5, name("w")))));
        assertEquals(
                "m.onnx: expected UTF-8 in field 8, got other bytes; the file is damaged",
                refusal(model(field(8, new byte[] {(byte) 0xFF}))));
    }
}
