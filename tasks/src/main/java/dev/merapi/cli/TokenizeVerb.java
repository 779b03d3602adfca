package dev.merapi.cli;

import dev.merapi.cli.InputLines.Line;
import dev.merapi.tokenizer.EncodeOptions;
import dev.merapi.tokenizer.Encoding;
import dev.merapi.tokenizer.Span;
import dev.merapi.tokenizer.Tokenizer;
import dev.merapi.tokenizer.TokenizerException;
import dev.merapi.tokenizer.Truncation;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `merapi tokenize`: text to tokens, ids back to text.
@Command(
        name = "tokenize",
        description = "Turns each line of standard input into token ids.",
        footer = {
            "",
            "In: a text a line, or {\"text\": …, \"pair\": …}; with --decode {\"ids\": […]}.",
            "Out: {\"ids\", \"type_ids\", \"tokens\", \"offsets\", \"special_tokens_mask\"}, offsets in code points."
        })
final class TokenizeVerb extends Verb {
    @Mixin
    ModelOption model;

    @Option(names = "--max-length", paramLabel = "N", description = "Most tokens of a line, special tokens included.")
    Integer maxLength;

    @Option(
            names = "--truncation",
            paramLabel = "HOW",
            description = "longest_first, only_first or only_second; without --max-length, to the model's own length.")
    Truncation truncation;

    @Option(
            names = "--stride",
            paramLabel = "N",
            description = "What is cut away comes back as \"overflowing\" windows that share N tokens.")
    Integer stride;

    @Option(
            names = "--no-special-tokens",
            description = "Leave out [CLS] and [SEP]; with --decode, every special token.")
    boolean noSpecialTokens;

    @Option(names = "--decode", description = "The way back: lines of {\"ids\": […]} to {\"text\": …}.")
    boolean decode;

    TokenizeVerb(Console console) {
        super(console);
    }

    @Override
    public void run() {
        Tokenizer tokenizer = model.tokenizer();
        EncodeOptions options = options(tokenizer);
        InputLines.forEach(console.in(), line -> {
            try {
                console.print(decode ? decode(tokenizer, line) : encode(tokenizer, line, options));
            } catch (TokenizerException e) {
                throw new InputException(line.where() + e.getMessage(), e);
            }
        });
    }

    private EncodeOptions options(Tokenizer tokenizer) {
        EncodeOptions options = EncodeOptions.DEFAULT;
        if (maxLength != null) options = EncodeOptions.maxLength(maxLength);
        else if (truncation != null) options = EncodeOptions.maxLength(tokenizer.modelMaxLength());
        if (truncation != null) options = options.truncation(truncation);
        if (stride != null && options.maxLength() == EncodeOptions.UNLIMITED)
            throw new UsageException(
                    "--stride: expected --max-length beside it, got no limit that windows could come from");
        if (stride != null) options = options.overflow(stride);
        return noSpecialTokens ? options.withoutSpecialTokens() : options;
    }

    private String encode(Tokenizer tokenizer, Line line, EncodeOptions options) {
        if (line.text() == null)
            throw new InputException(line.where() + "expected a text, got ids; to turn ids into text add --decode");
        Encoding encoding = tokenizer.encode(line.text(), line.pair(), options);
        JsonLine json = describe(encoding);
        if (stride != null)
            json.put(
                    "overflowing",
                    encoding.overflowing().stream().map(TokenizeVerb::describe).toList());
        return json.toString();
    }

    private static JsonLine describe(Encoding encoding) {
        List<int[]> offsets =
                encoding.codePointOffsets().stream().map(TokenizeVerb::ends).toList();
        return new JsonLine()
                .put("ids", encoding.ids())
                .put("type_ids", encoding.typeIds())
                .put("tokens", encoding.tokens())
                .put("offsets", offsets)
                .put("special_tokens_mask", encoding.specialTokensMask());
    }

    private static int[] ends(Span span) {
        return new int[] {span.start(), span.end()};
    }

    private String decode(Tokenizer tokenizer, Line line) {
        if (line.ids() == null) throw new InputException(line.where() + "--decode expects {\"ids\": […]}, got text");
        return new JsonLine()
                .put("text", tokenizer.decode(line.ids(), noSpecialTokens))
                .toString();
    }
}
