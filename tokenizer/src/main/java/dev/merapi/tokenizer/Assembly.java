package dev.merapi.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Makes encodings of the tokens of one text or two: truncates them, and puts them into the template.
///
/// @param second null for a single text
record Assembly(Pipeline pipeline, TokenBuffer first, TokenBuffer second) {

    Encoding encode(EncodeOptions options, Side defaultSide) {
        if (options.maxLength() == EncodeOptions.UNLIMITED) {
            return compose(all(first), all(second), options, List.of());
        }
        Side cut = options.truncationSide() != null ? options.truncationSide() : defaultSide;
        int[] sizes = fit(options, cut);
        if (!options.overflow()) {
            Window ofFirst = Window.first(first.size(), sizes[0], cut);
            Window ofSecond = second == null ? null : Window.first(second.size(), sizes[1], cut);
            return compose(ofFirst, ofSecond, options, List.of());
        }
        List<Window> ofFirst = Window.over(first.size(), sizes[0], options.stride(), cut);
        List<Window> ofSecond = second == null
                ? Arrays.asList((Window) null)
                : Window.over(second.size(), sizes[1], options.stride(), cut);
        // As tokenizers orders them: every further window of the first text with every one of the second, then what is
        // left of the first text with every further one of the second.
        List<Encoding> overflowing = new ArrayList<>();
        for (Window further : ofFirst.subList(1, ofFirst.size())) {
            for (Window any : ofSecond) {
                overflowing.add(compose(further, any, options, List.of()));
            }
        }
        for (Window further : ofSecond.subList(1, ofSecond.size())) {
            overflowing.add(compose(ofFirst.getFirst(), further, options, List.of()));
        }
        return compose(ofFirst.getFirst(), ofSecond.getFirst(), options, overflowing);
    }

    private int[] fit(EncodeOptions options, Side cut) {
        int maxLength = options.maxLength();
        int added = options.specialTokens() ? pipeline.template().addedTokens(second != null) : 0;
        int room = maxLength - added;
        if (room < 0) {
            throw new TokenizerException("encode: maxLength " + maxLength + " is less than the " + added
                    + " special tokens of " + (second == null ? "a text" : "a pair") + "; raise maxLength");
        }
        if (options.overflow() && options.stride() >= room) {
            throw new TokenizerException("encode: stride " + options.stride() + " must be less than the " + room
                    + " tokens that maxLength " + maxLength + " leaves beside " + added
                    + " special tokens; lower the stride or raise maxLength");
        }
        if (second == null) {
            return Window.fit(first.size(), -1, room, options.truncation());
        }
        boolean counted = options.truncation() == Truncation.LONGEST_FIRST;
        return Window.fit(
                counted ? first.countedSize(maxLength, cut) : first.size(),
                counted ? second.countedSize(maxLength, cut) : second.size(),
                room,
                options.truncation());
    }

    /// Trims a place in UTF-16 units as it was in code points. Spaces are one unit each; only a space that was
    /// put in front of a text is where a character of two units is, and then nothing is left of the place.
    private static void follow(TokenBuffer tokens, int i, int[] codePointPlaces, int[] places, int at) {
        int start = codePointPlaces[2 * at];
        int end = codePointPlaces[2 * at + 1];
        if (start == end) {
            int place = start == tokens.codePointStart(i) ? tokens.start(i) : tokens.end(i);
            boolean inside = start > tokens.codePointStart(i) && start < tokens.codePointEnd(i);
            places[2 * at] = inside ? tokens.start(i) + start - tokens.codePointStart(i) : place;
            places[2 * at + 1] = places[2 * at];
            return;
        }
        places[2 * at] = tokens.start(i) + start - tokens.codePointStart(i);
        places[2 * at + 1] = tokens.end(i) - (tokens.codePointEnd(i) - end);
    }

    private static Window all(TokenBuffer tokens) {
        return tokens == null ? null : new Window(0, tokens.size());
    }

    private Encoding compose(Window ofFirst, Window ofSecond, EncodeOptions options, List<Encoding> overflowing) {
        List<Template.Piece> pieces = pipeline.template().pieces(second != null);
        SpaceTrim trim = pipeline.template().trim();
        int length = ofFirst.length() + (second == null ? 0 : ofSecond.length());
        if (options.specialTokens()) {
            length += pipeline.template().addedTokens(second != null);
        }
        boolean surrogates = first.hasSurrogates() || second != null && second.hasSurrogates();
        int[] ids = new int[length];
        Vocabulary vocabulary = pipeline.model().vocabulary();
        String[] own = null;
        int[] words = new int[length];
        int[] runs = new int[3 * pieces.size()];
        int run = 0;
        int[] places = new int[2 * length];
        int[] codePointPlaces = surrogates ? new int[2 * length] : places;
        int at = 0;
        for (Template.Piece piece : pieces) {
            if (piece instanceof Template.Text text) {
                TokenBuffer tokens = text.sequence() == 0 ? first : second;
                Window window = text.sequence() == 0 ? ofFirst : ofSecond;
                own = tokens.ownTexts(window, own, at, length);
                for (int i = window.start(); i < window.end(); i++, at++) {
                    ids[at] = tokens.id(i);
                    words[at] = tokens.word(i);
                    places[2 * at] = tokens.start(i);
                    places[2 * at + 1] = tokens.end(i);
                    if (surrogates) {
                        codePointPlaces[2 * at] = tokens.codePointStart(i);
                        codePointPlaces[2 * at + 1] = tokens.codePointEnd(i);
                    }
                    if (trim != null) {
                        boolean first = i == window.start() || tokens.start(i) == 0;
                        String token = own != null && own[at] != null ? own[at] : vocabulary.token(ids[at]);
                        trim.apply(token, first, codePointPlaces, at);
                        if (surrogates) {
                            follow(tokens, i, codePointPlaces, places, at);
                        }
                    }
                }
            } else if (piece instanceof Template.Special special) {
                for (int i = 0; options.specialTokens() && i < special.ids().size(); i++, at++) {
                    ids[at] = special.ids().get(i);
                    if (!special.tokens().get(i).equals(vocabulary.token(ids[at]))) {
                        own = own == null ? new String[length] : own;
                        own[at] = special.tokens().get(i);
                    }
                    words[at] = -1;
                }
            }
            runs[run++] = at;
            runs[run++] = piece.typeId();
            runs[run++] = piece instanceof Template.Text text ? text.sequence() : -1;
        }
        return new Encoding(ids, vocabulary, own, words, runs, places, codePointPlaces, overflowing);
    }
}
