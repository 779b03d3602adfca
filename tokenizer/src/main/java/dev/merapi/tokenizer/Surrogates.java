package dev.merapi.tokenizer;

/// UTF-16: finding what is no Unicode text, and counting in code points.
final class Surrogates {
    private Surrogates() {}

    /// Where the first surrogate without its other half stands, or -1.
    static int firstLone(CharSequence text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!Character.isSurrogate(c)) {
                continue;
            }
            if (Character.isLowSurrogate(c)
                    || i + 1 == text.length()
                    || !Character.isLowSurrogate(text.charAt(i + 1))) {
                return i;
            }
            i++;
        }
        return -1;
    }
}
