package dev.merapi.tokenizer;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/// The Java side of `src/reference/compare_tokenizers.py`: encodes each line of a file of JSON objects and writes
/// everything that an encoding holds as one line.
///
///     java … dev.merapi.tokenizer.TokenizeLines FOLDER INPUT OUTPUT
///
/// Input: `{"text", "pair", "max_length", "truncation", "stride", "side", "special"}`, all but the text optional.
/// Output: `[ids, type ids, code point offsets, special tokens mask, word ids, sequence ids, tokens' hash]`, then the
/// same for each overflowing window; or `error` where the encoding failed.
final class TokenizeLines {
    private TokenizeLines() {}

    public static void main(String[] args) throws IOException {
        Tokenizer tokenizer = Tokenizer.fromPretrained(Path.of(args[0]));
        try (BufferedReader in = Files.newBufferedReader(Path.of(args[1]));
                BufferedWriter out = Files.newBufferedWriter(Path.of(args[2]))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                out.write(encode(tokenizer, JsonObject.read("line", line.getBytes(StandardCharsets.UTF_8))));
                out.newLine();
            }
        }
    }

    private static String encode(Tokenizer tokenizer, JsonObject line) {
        if (line.has("ids")) {
            int[] ids = line.integers("ids").stream().mapToInt(id -> id).toArray();
            return Integer.toString(hash(tokenizer.decode(ids, line.bool("special", false))));
        }
        EncodeOptions options = EncodeOptions.maxLength(line.integer("max_length", EncodeOptions.UNLIMITED))
                .truncation(Truncation.valueOf(
                        line.string("truncation", "longest_first").toUpperCase(Locale.ROOT)));
        if (line.has("side")) {
            options = options.truncationSide(Side.valueOf(line.string("side").toUpperCase(Locale.ROOT)));
        }
        if (line.has("stride")) {
            options = options.overflow(line.integer("stride"));
        }
        if (!line.bool("special", true)) {
            options = options.withoutSpecialTokens();
        }
        try {
            Encoding encoding = tokenizer.encode(line.string("text"), line.string("pair", null), options);
            return write(encoding)
                    + encoding.overflowing().stream()
                            .map(TokenizeLines::write)
                            .collect(Collectors.joining());
        } catch (TokenizerException e) {
            return "error";
        }
    }

    private static String write(Encoding encoding) {
        int[] offsets = encoding.codePointOffsets().stream()
                .flatMapToInt(span -> Arrays.stream(new int[] {span.start(), span.end()}))
                .toArray();
        String arrays = Arrays.asList(
                        encoding.ids(),
                        encoding.typeIds(),
                        offsets,
                        encoding.specialTokensMask(),
                        encoding.wordIds(),
                        encoding.sequenceIds())
                .stream()
                .map(Arrays::toString)
                .collect(Collectors.joining(","));
        return "[" + arrays.replace(" ", "") + "," + hash(String.join(" ", encoding.tokens())) + "]";
    }

    /// CRC-32 of the text, which Python has too.
    private static int hash(String text) {
        java.util.zip.CRC32 crc = new java.util.zip.CRC32();
        crc.update(text.getBytes(StandardCharsets.UTF_8));
        return (int) crc.getValue();
    }
}
