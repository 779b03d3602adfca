package dev.merapi.tokenizer;

import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/// The golden files of `src/reference/golden_tokenizer.py`, and the hash that they are compared by.
final class Fixtures {
    private Fixtures() {}

    static Path folder(String name) {
        try {
            return Path.of(Fixtures.class.getResource(name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static Tokenizer load(String name) {
        return Tokenizer.fromPretrained(folder(name));
    }

    static byte[] bytes(String name) {
        try (InputStream in = Fixtures.class.getResourceAsStream(name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    static JsonObject hashes() {
        return JsonObject.read("hashes.json", bytes("hashes.json"));
    }

    /// SHA-256 over encodings, as `digest` in the script.
    static final class Digest {
        private final MessageDigest sha;

        Digest() {
            try {
                sha = MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e);
            }
        }

        void add(Encoding encoding) {
            List<int[]> numbers = TokenizeLines.numbers(encoding);
            ByteBuffer bytes = ByteBuffer.allocate(4 + 28 * encoding.length()).order(ByteOrder.LITTLE_ENDIAN);
            bytes.putInt(encoding.length());
            for (int[] array : numbers) {
                bytes.asIntBuffer().put(array);
                bytes.position(bytes.position() + 4 * array.length);
            }
            sha.update(bytes.flip());
        }

        String hex() {
            return HexFormat.of().formatHex(sha.digest());
        }

        /// Adds a pair, or the two texts one after the other.
        void add(Tokenizer tokenizer, String text, String second, boolean asPair) {
            if (asPair) {
                add(tokenizer.encode(text, second));
            } else {
                add(tokenizer.encode(text));
                add(tokenizer.encode(second));
            }
        }

        /// The hash of every code point alone, and among letters, added tokens and punctuation.
        static String ofCodePoints(Tokenizer tokenizer) {
            return ofCodePoints(tokenizer, Character.MAX_CODE_POINT + 1, true);
        }

        /// The same for those below `last`.
        static String ofCodePoints(Tokenizer tokenizer, int last, boolean asPair) {
            Digest digest = new Digest();
            for (int codePoint = 0; codePoint < last; codePoint++) {
                if (codePoint < Character.MIN_SURROGATE || codePoint > Character.MAX_SURROGATE) {
                    String c = Character.toString(codePoint);
                    String among = "un" + c + "able " + c + "ice" + c + " CO2" + c + "<br>" + c + "Sea Level" + c
                            + "[MASK]" + c + ".";
                    digest.add(tokenizer, c, among, asPair);
                }
            }
            return digest.hex();
        }
    }
}
