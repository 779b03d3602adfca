package dev.merapi.bench;

import dev.merapi.tokenizer.Tokenizer;
import dev.merapi.tokenizer.train.ByteLevelTrainer;
import dev.merapi.tokenizer.train.UnigramTrainer;
import dev.merapi.tokenizer.train.VocabularyTrainer;
import dev.merapi.tokenizer.train.WordPieceTrainer;
import java.io.BufferedWriter;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/// How long the three trainers take to learn vocabularies of 30,000 tokens from 100 MB of text, and the most
/// heap that was in use. The text is made of the given ones, again and again, one word in eight spelled with
/// another letter, so that new words keep coming as they do in large texts.
///
/// Arguments: a file for the text, then texts to make it of; or that file alone, if it is there.
final class VocabularyTable {
    private static final long SIZE = 100_000_000;
    private static final int TOKENS = 30_000;

    private VocabularyTable() {}

    static void main(String[] arguments) throws IOException {
        Path corpus = Path.of(arguments[0]);
        if (!Files.exists(corpus)) {
            write(corpus, Arrays.asList(arguments).subList(1, arguments.length));
        }
        for (VocabularyTrainer trainer : List.of(
                WordPieceTrainer.uncased(TOKENS), ByteLevelTrainer.roberta(TOKENS), UnigramTrainer.of(TOKENS))) {
            System.gc();
            heap().forEach(MemoryPoolMXBean::resetPeakUsage);
            long start = System.nanoTime();
            Tokenizer tokenizer = trainer.train(corpus);
            double seconds = (System.nanoTime() - start) / 1e9;
            long peak = heap().stream()
                    .mapToLong(pool -> pool.getPeakUsage().getUsed())
                    .sum();
            System.out.printf(
                    "%-18s %6d tokens %8.1f s %8.0f MB%n",
                    trainer.getClass().getSimpleName(), tokenizer.vocabularySize(), seconds, peak / 1e6);
        }
    }

    private static List<MemoryPoolMXBean> heap() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .toList();
    }

    private static void write(Path corpus, List<String> texts) throws IOException {
        List<String> lines = new ArrayList<>();
        for (String text : texts) {
            lines.addAll(Files.readAllLines(Path.of(text)));
        }
        Random random = new Random(1);
        try (BufferedWriter out = Files.newBufferedWriter(corpus)) {
            for (long size = 0; size < SIZE; ) {
                String line = perturbed(lines.get(random.nextInt(lines.size())), random);
                out.write(line);
                out.newLine();
                size += line.length() + 1;
            }
        }
    }

    private static String perturbed(String line, Random random) {
        StringBuilder text = new StringBuilder(line);
        for (int i = 1; i < text.length(); i++) {
            boolean startsWord = text.charAt(i - 1) == ' ';
            if (startsWord && random.nextInt(8) == 0) {
                int at = Math.min(text.length() - 1, i + random.nextInt(5));
                if (text.charAt(at) >= 'a' && text.charAt(at) <= 'z') {
                    text.setCharAt(at, (char) ('a' + random.nextInt(26)));
                }
            }
        }
        return text.toString();
    }
}
