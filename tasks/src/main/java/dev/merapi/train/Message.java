package dev.merapi.train;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// A message in the wire format of Protocol Buffers (<https://protobuf.dev/programming-guides/encoding>): each
/// field a tag, `number · 8 + wire type`, and a value.
final class Message {
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Message varint(int field, long value) {
        return tag(field, VARINT).raw(value);
    }

    Message fixed64(int field, double value) {
        tag(field, FIXED64);
        out.writeBytes(ByteBuffer.allocate(Double.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putDouble(value)
                .array());
        return this;
    }

    Message fixed32(int field, float value) {
        tag(field, FIXED32);
        out.writeBytes(ByteBuffer.allocate(Float.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putFloat(value)
                .array());
        return this;
    }

    Message bytes(int field, String text) {
        return bytes(field, text.getBytes(StandardCharsets.UTF_8));
    }

    Message bytes(int field, Message inner) {
        return bytes(field, inner.toBytes());
    }

    private Message bytes(int field, byte[] value) {
        tag(field, BYTES).raw(value.length);
        out.writeBytes(value);
        return this;
    }

    private Message tag(int field, int wireType) {
        return raw((long) field << 3 | wireType);
    }

    /// Seven bits a byte, the lowest first; all but the last byte have the eighth set.
    private Message raw(long value) {
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            out.write((int) (rest & 0x7f | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
        return this;
    }

    byte[] toBytes() {
        return out.toByteArray();
    }
}
