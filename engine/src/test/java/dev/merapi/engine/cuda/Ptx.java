package dev.merapi.engine.cuda;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What the PTX says of its kernels.
final class Ptx {
    private static final Pattern ENTRY = Pattern.compile("\\.visible \\.entry (\\w+)\\( // (\\d+) arguments");

    private Ptx() {}

    /// How many arguments each kernel of a module has.
    static Map<String, Integer> parameters(byte[] ptx) {
        Map<String, Integer> counts = new HashMap<>();
        Matcher entry = ENTRY.matcher(new String(ptx, StandardCharsets.UTF_8));
        while (entry.find()) counts.put(entry.group(1), Integer.parseInt(entry.group(2)));
        return counts;
    }
}
