package dev.merapi.tokenizer;

/// Reads `vocab.txt`: a token a line, its id is the number of the line, from 0. White space at the end of a
/// line is not part of the token; of two equal lines the later one counts.
final class VocabularyFile {
    private VocabularyFile() {}

    static Vocabulary read(byte[] file) {
        Texts tokens = new Texts(1 << 15);
        for (int start = 0; start < file.length; ) {
            start = readLine(TokenizerFiles.VOCABULARY, file, start, tokens);
            while (tokens.open() > 0 && Unicode.is(tokens.last(), Unicode.WHITESPACE)) {
                tokens.dropLast();
            }
            tokens.end();
        }
        if (tokens.size() == 0) {
            throw new TokenizerException("vocab.txt: expected a token a line, got an empty file; download it again");
        }
        return new Vocabulary(tokens);
    }

    /// Appends the line from `start` on to the open text of `target`; returns where the next one starts.
    static int readLine(String name, byte[] file, int start, Texts target) {
        int end = start;
        while (end < file.length && file[end] != '\n') {
            end++;
        }
        int stop = target.append(file, start, end);
        if (stop < end) {
            throw new TokenizerException(
                    name + ": expected UTF-8, got other bytes at " + stop + "; download it again, or convert it");
        }
        return end + 1;
    }
}
