package dev.merapi.tokenizer;

import java.io.ByteArrayOutputStream;
import java.util.List;

/// Makes text of tokens in the [ByteAlphabet]: their bytes, read as UTF-8; what is not UTF-8 becomes U+FFFD.
enum ByteLevelDecoder implements Decoder {
    INSTANCE;

    @Override
    public List<String> decode(List<String> tokens) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(8 * tokens.size());
        for (String token : tokens) {
            bytes.writeBytes(ByteAlphabet.bytesOf(token));
        }
        Texts text = new Texts();
        text.appendLossy(bytes.toByteArray(), 0, bytes.size());
        text.end();
        return List.of(text.get(0));
    }
}
