package dev.merapi.tokenizer;

import java.util.Arrays;

/// Walks the fields of a message in protocol buffers' wire format (protobuf.dev/programming-guides/encoding): a
/// tag, `number << 3 | wire type`, then a varint, 4 or 8 bytes, or a length and as many bytes. Nothing is
/// copied but what is asked for, and every length is checked against the message before it is believed.
///
///     while (reader.next()) {
///         switch (reader.field()) {
///             case 1 -> name = reader.string();
///             default -> {}                        // fields that are not read are passed over
///         }
///     }
final class ProtobufReader {
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;

    private final String where;
    private final byte[] bytes;
    private int end;
    private int at;

    private int tag;
    private long number; // of a varint, or the 4 or 8 bytes
    private int start; // of a field of bytes, which ends at `at`

    /// @param where named in errors: file and message
    ProtobufReader(String where, byte[] bytes) {
        this(where, bytes, 0, bytes.length);
    }

    private ProtobufReader(String where, byte[] bytes, int from, int to) {
        this.where = where;
        this.bytes = bytes;
        this.at = from;
        this.end = to;
    }

    /// Goes to the next field; false at the end of the message.
    boolean next() {
        if (at == end) {
            return false;
        }
        long read = varint();
        tag = (int) read;
        if (read >>> 3 == 0 || read >>> 32 != 0) {
            throw damaged("a field numbered " + (read >>> 3));
        }
        switch (tag & 7) {
            case VARINT -> number = varint();
            case FIXED64 -> number = fixed(8);
            case FIXED32 -> number = fixed(4);
            case BYTES -> {
                long length = varint();
                if (length < 0 || length > end - at) {
                    throw damaged("field " + field() + " of " + Long.toUnsignedString(length) + " bytes where "
                            + (end - at) + " are left");
                }
                start = at;
                at += (int) length;
            }
            default -> throw damaged("field " + field() + " of wire type " + (tag & 7));
        }
        return true;
    }

    /// The number of the field.
    int field() {
        return tag >>> 3;
    }

    int integer() {
        require(VARINT, "a number");
        return (int) number;
    }

    boolean bool() {
        require(VARINT, "true or false");
        return number != 0;
    }

    float float32() {
        require(FIXED32, "a 32-bit float");
        return Float.intBitsToFloat((int) number);
    }

    byte[] bytes() {
        require(BYTES, "bytes");
        return Arrays.copyOfRange(bytes, start, at);
    }

    String string() {
        Texts text = new Texts();
        open(text);
        text.end();
        return text.get(0);
    }

    /// Makes the field the open text of `texts`; of several fields the last counts.
    void open(Texts texts) {
        require(BYTES, "text");
        while (texts.open() > 0) {
            texts.dropLast();
        }
        if (texts.append(bytes, start, at) < at) {
            throw damaged("field " + field() + " that is not UTF-8");
        }
    }

    /// Sets `message`, a reader of the same bytes, to the field, which is a message of its own.
    ProtobufReader into(ProtobufReader message) {
        require(BYTES, "a message");
        message.at = start;
        message.end = at;
        return message;
    }

    /// The field as a message of its own; `name` goes into its errors.
    ProtobufReader message(String name) {
        require(BYTES, "a message");
        return new ProtobufReader(where + " " + name, bytes, start, at);
    }

    private void require(int type, String expected) {
        if ((tag & 7) != type) {
            throw damaged("field " + field() + " of wire type " + (tag & 7) + " where " + expected + " should be");
        }
    }

    private long fixed(int size) {
        if (size > end - at) {
            throw damaged("field " + field() + " of " + size + " bytes where " + (end - at) + " are left");
        }
        long value = 0;
        for (int i = size - 1; i >= 0; i--) {
            value = value << 8 | bytes[at + i] & 0xFF;
        }
        at += size;
        return value;
    }

    private long varint() {
        long value = 0;
        for (int shift = 0; shift < 70; shift += 7) {
            if (at == end) {
                throw damaged("a number that is cut off");
            }
            byte b = bytes[at++];
            value |= (long) (b & 127) << shift;
            if (b >= 0) {
                return value;
            }
        }
        throw damaged("a number of more than 10 bytes");
    }

    private TokenizerException damaged(String found) {
        return new TokenizerException(where + ": expected a SentencePiece model, got " + found + " at byte " + at
                + "; the file is damaged or something else, take it again from its source");
    }
}
