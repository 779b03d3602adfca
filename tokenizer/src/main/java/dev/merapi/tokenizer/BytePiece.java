package dev.merapi.tokenizer;

/// How models with byte fallback write a byte: `<0xE2>`.
final class BytePiece {
    private static final String DIGITS = "0123456789ABCDEF";

    private BytePiece() {}

    /// The piece of a byte, given from 0 to 255.
    static String of(int b) {
        return "<0x" + DIGITS.charAt(b >> 4) + DIGITS.charAt(b & 15) + ">";
    }

    /// The ids of the pieces of all bytes, -1 for those that the vocabulary does not have.
    static int[] ids(Vocabulary vocabulary) {
        int[] ids = new int[256];
        for (int b = 0; b < ids.length; b++) {
            ids[b] = vocabulary.id(of(b));
        }
        return ids;
    }

    /// The byte that a piece stands for, or -1.
    static int byteOf(String piece) {
        if (piece.length() != 6 || !piece.startsWith("<0x") || piece.charAt(5) != '>') {
            return -1;
        }
        int high = DIGITS.indexOf(piece.charAt(3));
        int low = DIGITS.indexOf(piece.charAt(4));
        return high < 0 || low < 0 ? -1 : high << 4 | low;
    }
}
