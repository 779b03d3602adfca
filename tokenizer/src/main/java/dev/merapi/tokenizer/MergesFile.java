package dev.merapi.tokenizer;

/// Reads `merges.txt`: two tokens a line with a space between, in the order of their rank. Lines that start
/// with `#version` are passed over, and no others: `# #` is a merge.
final class MergesFile {
    static final String FILE = "merges.txt";

    private MergesFile() {}

    /// Two texts for each merge.
    static Texts read(byte[] file) {
        Texts merges = new Texts(1 << 16);
        Texts line = new Texts();
        int number = 0;
        for (int start = 0; start < file.length; number++) {
            start = VocabularyFile.readLine(FILE, file, start, line);
            if (line.open() > 0 && line.last() == '\r') {
                line.dropLast();
            }
            line.end();
            String content = line.get(0);
            line.clear();
            if (!content.isEmpty() && !content.startsWith("#version") && !add(content, merges)) {
                throw new TokenizerException(FILE + ": line " + (number + 1)
                        + " must be two tokens with a space between, got \"" + content + "\"; download it again");
            }
        }
        return merges;
    }

    /// Adds the two tokens of a line; false if it is no merge.
    static boolean add(String line, Texts merges) {
        int space = line.indexOf(' ');
        if (space < 0 || line.indexOf(' ', space + 1) >= 0) {
            return false;
        }
        merges.add(line.substring(0, space));
        merges.add(line.substring(space + 1));
        return true;
    }
}
