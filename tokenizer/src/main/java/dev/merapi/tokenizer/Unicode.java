package dev.merapi.tokenizer;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/// What tokenizers 0.23 knows of every code point, frozen: the JDK's tables follow another Unicode version and
/// change with each release. Made by `src/reference/gen_unicode_tables.py`, which says what each flag means and
/// how the resource is laid out.
///
/// One `int` per code point, in pages of 128 that equal pages share:
///
///     bits 0–9  flags    bits 10–15  rank of the combining class    bits 16–31  row in the mapping tables, 0
///     for none
final class Unicode {
    static final int WHITESPACE = 1;
    static final int REMOVED = 2;
    static final int PUNCTUATION = 4;
    static final int ACCENT = 8;
    static final int MARK = 16;
    static final int IDEOGRAPH = 32;
    static final int WORD = 64;
    static final int LETTER = 128;
    static final int NUMBER = 256;
    static final int NUMERIC = 512;
    static final int CLASS = 0xFC00;
    static final int MAPPED = 0xFFFF0000;

    private static final int LIMIT = Character.MAX_CODE_POINT + 1;
    private static final int PAGE = 7;
    private static final int HANGUL = 0xAC00;
    private static final int HANGUL_END = 0xD7A4;

    /// Row that stands for all Hangul syllables, whose decomposition follows from arithmetic.
    private static final int HANGUL_ROW = 1;

    private static final Unicode TABLES = read();

    private final char[] index;
    private final int[] pages;
    private final int[][] lower;
    private final int[][] decomposed;
    private final int[][] compatible;
    private final MergeTable composed;

    private Unicode(Reading in) {
        if (in.number() != 0x4D555432) {
            throw new IllegalStateException("unicode.bin does not start with MUT2");
        }
        Properties properties = new Properties();
        in.readRuns(properties, 0);
        in.readRuns(properties, 10);
        properties.add(HANGUL, HANGUL_END, HANGUL_ROW << 16);
        int[][][] tables = {in.readMappings(properties), in.readMappings(properties), in.readMappings(properties)};
        lower = Arrays.copyOf(tables[0], in.rows);
        decomposed = Arrays.copyOf(tables[1], in.rows);
        compatible = Arrays.copyOf(tables[2], in.rows);
        composed = in.readCompositions();
        index = new char[LIMIT >> PAGE];
        pages = properties.share(index);
    }

    /// Flags, combining class and mapping row of a code point.
    static int properties(int codePoint) {
        return TABLES.pages[(TABLES.index[codePoint >> PAGE] << PAGE) + (codePoint & (1 << PAGE) - 1)];
    }

    static boolean is(int codePoint, int flag) {
        return (properties(codePoint) & flag) != 0;
    }

    /// The rank of the canonical combining class among all classes, 0 for class 0: what canonical ordering
    /// compares.
    static int combiningClass(int properties) {
        return (properties & CLASS) >> 10;
    }

    /// Lower case of one code point, as Rust's `char::to_lowercase`: no context (Σ is always σ), no locale.
    /// Null where the code point is its own lower case. Longer than one only for İ.
    static int[] lowerCase(int properties) {
        return TABLES.lower[properties >>> 16];
    }

    /// Full canonical decomposition of a code point with these properties, or null where it is its own.
    static int[] decompose(int codePoint, int properties) {
        int row = properties >>> 16;
        if (row != HANGUL_ROW) {
            return TABLES.decomposed[row];
        }
        int syllable = codePoint - HANGUL; // The Unicode Standard, 3.12: 19 leads × 21 vowels × 28 tails
        int lead = 0x1100 + syllable / 588;
        int vowel = 0x1161 + syllable % 588 / 28;
        int tail = syllable % 28;
        return tail == 0 ? new int[] {lead, vowel} : new int[] {lead, vowel, 0x11A7 + tail};
    }

    /// Full compatibility decomposition (NFKD) of a code point with these properties, or null where it is its
    /// own.
    static int[] decomposeCompatible(int codePoint, int properties) {
        int[] parts = TABLES.compatible[properties >>> 16];
        return parts != null ? parts : decompose(codePoint, properties);
    }

    /// The primary composite of two code points, or -1 if they have none.
    static int compose(int first, int second) {
        if (first >= 0x1100 && first < 0x1113 && second >= 0x1161 && second < 0x1176) {
            return HANGUL + ((first - 0x1100) * 21 + second - 0x1161) * 28;
        }
        boolean openSyllable = first >= HANGUL && first < HANGUL_END && (first - HANGUL) % 28 == 0;
        if (openSyllable && second > 0x11A7 && second < 0x11C3) {
            return first + second - 0x11A7;
        }
        long composite = TABLES.composed.get(first, second);
        return composite == MergeTable.NONE ? -1 : (int) composite;
    }

    private static Unicode read() {
        try (InputStream resource = Unicode.class.getResourceAsStream("unicode.bin")) {
            if (resource == null) {
                throw new IllegalStateException("unicode.bin is not beside " + Unicode.class);
            }
            return new Unicode(new Reading(resource.readAllBytes()));
        } catch (IOException | ArrayIndexOutOfBoundsException e) {
            throw new IllegalStateException("unicode.bin is damaged", e);
        }
    }

    /// The properties of all code points in the making. Most pages have one value throughout, and need no
    /// array.
    private static final class Properties {
        private static final int SIZE = 1 << PAGE;

        private final int[] uniform = new int[LIMIT >> PAGE];
        private final int[][] mixed = new int[LIMIT >> PAGE][];

        int get(int codePoint) {
            int page = codePoint >> PAGE;
            return mixed[page] == null ? uniform[page] : mixed[page][codePoint & SIZE - 1];
        }

        /// Adds bits to the code points from `from` to before `end`.
        void add(int from, int end, int bits) {
            for (int start = from; start < end; ) {
                int page = start >> PAGE;
                int stop = Math.min(end, page + 1 << PAGE);
                if (mixed[page] == null && stop - start == SIZE) {
                    uniform[page] |= bits;
                } else {
                    addInside(page, start & SIZE - 1, stop - 1 & SIZE - 1, bits);
                }
                start = stop;
            }
        }

        private void addInside(int page, int first, int last, int bits) {
            if (mixed[page] == null) {
                mixed[page] = new int[SIZE];
                Arrays.fill(mixed[page], uniform[page]);
            }
            for (int i = first; i <= last; i++) {
                mixed[page][i] |= bits;
            }
        }

        /// All pages, but of neighbours with one and the same value the first; notes in `index` which page is
        /// whose.
        int[] share(char[] index) {
            int[] pages = new int[1 << 16];
            char count = 0;
            for (int page = 0; page < index.length; page++) {
                if (page > 0 && mixed[page] == null && mixed[page - 1] == null && uniform[page] == uniform[page - 1]) {
                    index[page] = index[page - 1];
                    continue;
                }
                index[page] = count;
                int at = count++ << PAGE;
                if (at == pages.length) {
                    pages = Arrays.copyOf(pages, 2 * at);
                }
                if (mixed[page] == null) {
                    Arrays.fill(pages, at, at + SIZE, uniform[page]);
                } else {
                    System.arraycopy(mixed[page], 0, pages, at, SIZE);
                }
            }
            return Arrays.copyOf(pages, count << PAGE);
        }
    }

    /// Reads the resource.
    private static final class Reading {
        private final byte[] bytes;
        private int at;
        private int rows = HANGUL_ROW + 1; // of the mapping tables

        private Reading(byte[] bytes) {
            this.bytes = bytes;
        }

        private int number() {
            at += 4;
            return bytes[at - 4] << 24
                    | (bytes[at - 3] & 0xFF) << 16
                    | (bytes[at - 2] & 0xFF) << 8
                    | bytes[at - 1] & 0xFF;
        }

        private int varint() {
            int value = 0;
            for (int shift = 0; ; shift += 7) {
                byte b = bytes[at++];
                value |= (b & 127) << shift;
                if (b >= 0) {
                    return value;
                }
            }
        }

        private void readRuns(Properties properties, int shift) {
            for (int codePoint = 0; codePoint < LIMIT; ) {
                int end = codePoint + varint();
                int value = varint() << shift;
                if (value != 0) {
                    properties.add(codePoint, end, value);
                }
                codePoint = end;
            }
        }

        /// Reads one mapping table; a code point that has no row yet gets the next one.
        private int[][] readMappings(Properties properties) {
            int n = varint();
            int[][] table = new int[rows + n][];
            int codePoint = 0;
            for (; n > 0; n--) {
                codePoint += varint();
                int[] target = new int[varint()];
                for (int i = 0; i < target.length; i++) {
                    target[i] = varint();
                }
                int row = properties.get(codePoint) >>> 16;
                if (row == 0) {
                    row = rows++;
                    properties.add(codePoint, codePoint + 1, row << 16);
                }
                table[row] = target;
            }
            return table;
        }

        private MergeTable readCompositions() {
            int n = varint();
            MergeTable composed = new MergeTable(n);
            int codePoint = 0;
            for (; n > 0; n--) {
                codePoint += varint();
                varint(); // always 2
                composed.put(varint(), varint(), 0, codePoint);
            }
            return composed;
        }
    }
}
