package dev.merapi.report;

import java.util.Locale;

/// Text and numbers as a page shows them.
final class Html {
    private static final int LONGEST = 700;
    private static final int REPLACEMENT = 0xFFFD;

    private Html() {}

    /// Text that can stand in an element or in a quoted attribute, whatever it holds: no character of it means
    /// anything to a browser, and what HTML does not allow (controls, half surrogates) is replaced.
    static String text(String any) {
        StringBuilder out = new StringBuilder(any.length() + 16);
        any.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                default -> out.appendCodePoint(isAllowed(c) ? c : REPLACEMENT);
            }
        });
        return out.toString();
    }

    private static boolean isAllowed(int c) {
        if (c == '\t' || c == '\n' || c == '\r') return true;
        boolean control = c < 0x20 || c >= 0x7f && c < 0xa0;
        boolean surrogate = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
        boolean noCharacter = c >= 0xfdd0 && c <= 0xfdef || (c & 0xfffe) == 0xfffe;
        return !control && !surrogate && !noCharacter;
    }

    /// The beginning of a text that may be long, never half a character.
    static String excerpt(String any) {
        if (any.codePointCount(0, any.length()) <= LONGEST) return text(any);
        return text(any.substring(0, any.offsetByCodePoints(0, LONGEST))) + "…";
    }

    /// Four significant digits, without zeros that say nothing: `0.8125`, `5e-5`, `23,400`.
    static String number(double value) {
        if (!Double.isFinite(value)) return Double.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
        if (value == 0) return "0";
        double size = Math.abs(value);
        if (size >= 1e6 || size < 1e-3)
            return trimmed(format("%.3e", value)).replaceAll("e([-+])0*", "e$1").replace("e+", "e");
        if (size >= 1000) return format("%,.0f", value);
        return trimmed(format("%." + (3 - (int) Math.floor(Math.log10(size))) + "f", value));
    }

    private static String trimmed(String number) {
        return number.replaceAll("\\.?0+(?=e|$)", "");
    }

    static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
