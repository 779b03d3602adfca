package dev.merapi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.TypeConversionException;

class SecondsTest {
    @Test
    void durationsAreReadAsPeopleWriteThem() {
        Seconds seconds = new Seconds();
        assertEquals(
                List.of(90.0, 0.5, 90.0, 2700.0, 5400.0, 3661.5, 7200.0, 0.0),
                List.of("90", "0.5", "90s", "45m", "1h30m", "1h1m1.5s", "2h", "0").stream()
                        .map(seconds::convert)
                        .toList());
        for (String bad : List.of("", "soon", "-1", "1d", "1m1h", "1h ", "1e3"))
            assertEquals(
                    "expected a duration, as 90, 45m or 1h30m, got " + bad,
                    assertThrows(TypeConversionException.class, () -> seconds.convert(bad))
                            .getMessage());
    }
}
