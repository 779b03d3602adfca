package dev.merapi.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Reads a duration as people write it, as seconds: `90`, `90s`, `45m`, `1h30m`.
final class Seconds implements ITypeConverter<Double> {
    private static final Pattern DURATION =
            Pattern.compile("(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,9}(?:\\.[0-9]{1,9})?)s?)?");

    @Override
    public Double convert(String value) {
        Matcher parts = DURATION.matcher(value);
        if (value.isEmpty() || !parts.matches())
            throw new TypeConversionException("expected a duration, as 90, 45m or 1h30m, got " + value);
        return 3600 * number(parts.group(1)) + 60 * number(parts.group(2)) + number(parts.group(3));
    }

    private static double number(String digits) {
        return digits == null ? 0 : Double.parseDouble(digits);
    }
}
