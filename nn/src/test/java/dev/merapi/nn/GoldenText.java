package dev.merapi.nn;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/// Reads golden text files: a line is `name sizes… : values`, `#` begins a comment.
public record GoldenText(Map<String, double[]> values) {
    public static GoldenText read(Path file) throws IOException {
        Map<String, double[]> values = new LinkedHashMap<>();
        for (String line : Files.readAllLines(file)) {
            if (line.startsWith("#") || line.isBlank()) continue;
            int colon = line.indexOf(" : ");
            String name = line.substring(0, colon).split(" ")[0];
            String[] words = line.substring(colon + 3).trim().split(" +");
            double[] numbers = new double[words.length];
            for (int i = 0; i < words.length; i++) numbers[i] = Double.parseDouble(words[i]);
            values.put(name, numbers);
        }
        return new GoldenText(values);
    }

    public double number(String name) {
        return array(name)[0];
    }

    public double[] array(String name) {
        double[] found = values.get(name);
        if (found == null) throw new IllegalArgumentException("golden file has no " + name);
        return found;
    }

    public float[] floats(String name) {
        double[] found = array(name);
        float[] floats = new float[found.length];
        for (int i = 0; i < floats.length; i++) floats[i] = (float) found[i];
        return floats;
    }
}
