package dev.merapi.tokenizer;

/// How long encodings are by the word of the files: the sections `truncation` and `padding` of a
/// `tokenizer.json`, and the sides that the settings beside it name. Null where nothing is said.
///
/// @param padTypeId the type id of padding
/// @param truncation what `truncation` asks for
/// @param padding what `padding` asks for
/// @param padId the id of padding as `padding` has it
record Lengths(
        Side truncationSide,
        Side paddingSide,
        Integer padTypeId,
        EncodeOptions truncation,
        Padding padding,
        Integer padId) {

    /// What holds where no file says anything.
    static final Lengths DEFAULT = new Lengths(Side.RIGHT, Side.RIGHT, 0, EncodeOptions.DEFAULT, null, null);

    /// What `tokenizer_config.json` says.
    static Lengths ofSettings(JsonObject settings) {
        return new Lengths(
                side(settings, "truncation_side"),
                side(settings, "padding_side"),
                settings.has("pad_token_type_id") ? settings.integer("pad_token_type_id") : null,
                null,
                null,
                null);
    }

    /// What `tokenizer.json` says.
    static Lengths ofTokenizer(JsonObject json) {
        EncodeOptions truncation = null;
        if (json.has("truncation")) {
            truncation = truncation(json.object("truncation"));
        }
        if (!json.has("padding")) {
            return new Lengths(
                    truncation == null ? null : truncation.truncationSide(), null, null, truncation, null, null);
        }
        JsonObject part = json.object("padding");
        Padding padding = padding(part);
        return new Lengths(
                truncation == null ? null : truncation.truncationSide(),
                padding.side(),
                part.integer("pad_type_id", 0),
                truncation,
                padding,
                part.integer("pad_id", 0));
    }

    private static EncodeOptions truncation(JsonObject part) {
        Truncation strategy = switch (part.string("strategy", "LongestFirst")) {
            case "LongestFirst" -> Truncation.LONGEST_FIRST;
            case "OnlyFirst" -> Truncation.ONLY_FIRST;
            case "OnlySecond" -> Truncation.ONLY_SECOND;
            default -> throw part.wrong("strategy", "LongestFirst, OnlyFirst or OnlySecond", part.get("strategy"));
        };
        return EncodeOptions.maxLength(notNegative(part, "max_length"))
                .truncation(strategy)
                .truncationSide(side(part, "direction"))
                .overflow(notNegative(part, "stride"));
    }

    private static Padding padding(JsonObject part) {
        Padding padding = Padding.LONGEST;
        if (part.get("strategy") instanceof JsonObject fixed) {
            padding = Padding.length(notNegative(fixed, "Fixed"));
        } else if (!"BatchLongest".equals(part.get("strategy"))) {
            throw part.wrong("strategy", "\"BatchLongest\" or {\"Fixed\": length}", part.get("strategy"));
        }
        int multiple = part.integer("pad_to_multiple_of", 1);
        return padding.multipleOf(Math.max(1, multiple)).side(side(part, "direction"));
    }

    private static int notNegative(JsonObject part, String name) {
        int value = part.integer(name);
        if (value < 0) {
            throw part.wrong(name, "a number that is not negative", value);
        }
        return value;
    }

    private static Side side(JsonObject part, String name) {
        return switch (part.string(name, "")) {
            case "" -> null;
            case "left", "Left" -> Side.LEFT;
            case "right", "Right" -> Side.RIGHT;
            default -> throw part.wrong(name, "\"left\" or \"right\"", part.get(name));
        };
    }

    /// These, with what they do not say from `other`.
    Lengths orElse(Lengths other) {
        return new Lengths(
                truncationSide != null ? truncationSide : other.truncationSide,
                paddingSide != null ? paddingSide : other.paddingSide,
                padTypeId != null ? padTypeId : other.padTypeId,
                truncation != null ? truncation : other.truncation,
                padding != null ? padding : other.padding,
                padId != null ? padId : other.padId);
    }
}
