package dev.merapi.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.engine.cuda.AttentionSizes.Terms;
import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Philox;
import java.util.Arrays;
import java.util.BitSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The index arithmetic of attention_tensor_passes.cuh, written again: where rows, relative positions, biases,
/// bands of scores and random words lie.
class AttentionTilesTest {
    private static final int WARP = 32, TILE = 64, PATCH = 16, RING = 128, COLS = 32, WINDOWS = 6, PIECE = 16;

    private static int place(int depth, int row, int piece) {
        int pieces = depth / 8, turn = pieces >= 8 ? row % 8 : row / 2 % 4;
        return (row * pieces + (piece ^ turn)) * PIECE;
    }

    /// The rows of 16 bytes that the lanes of a warp name, matrix by matrix.
    private static int named(int depth, int row, int piece, int lane, boolean transposed) {
        int matrix = lane / 8;
        return transposed
                ? place(depth, row + matrix / 2 * 8 + lane % 8, piece + matrix % 2)
                : place(depth, row + matrix % 2 * 8 + lane % 8, piece + matrix / 2);
    }

    @ParameterizedTest
    @ValueSource(ints = {32, 64, 128})
    void piecesHaveAPlaceEachAndMatricesMeetInNoBank(int depth) {
        BitSet places = new BitSet();
        for (int row = 0; row < TILE; row++)
            for (int piece = 0; piece < depth / 8; piece++) places.set(place(depth, row, piece) / PIECE);
        assertEquals(TILE * depth / 8, places.cardinality());
        assertEquals(TILE * depth / 8, places.length());
        for (int row = 0; row < TILE; row += PATCH)
            for (int piece = 0; piece < depth / 8; piece += 2)
                for (boolean transposed : new boolean[] {false, true})
                    for (int matrix = 0; matrix < 4; matrix++) {
                        BitSet banks = new BitSet();
                        for (int r = 0; r < 8; r++)
                            banks.set(named(depth, row, piece, 8 * matrix + r, transposed) / PIECE % 8);
                        assertEquals(8, banks.cardinality());
                    }
    }

    /// Of float32: eight lanes at a time read four channels each, of eight rows or of one.
    @ParameterizedTest
    @ValueSource(ints = {32, 64, 128})
    void foursOfFloatsMeetInNoBank(int depth) {
        BitSet places = new BitSet();
        for (int row = 0; row < TILE; row++) for (int d = 0; d < depth; d++) places.set(four(depth, row, d) + d % 4);
        assertEquals(TILE * depth, places.cardinality());
        assertEquals(TILE * depth, places.length());
        for (int first = 0; first < TILE; first += 8)
            for (int d = 0; d < depth; d += 32) {
                BitSet ofRows = new BitSet(), ofOne = new BitSet();
                for (int i = 0; i < 8; i++) {
                    ofRows.set(four(depth, first + i, d) / 4 % 8);
                    ofOne.set(four(depth, first, d + 4 * i) / 4 % 8);
                }
                assertEquals(8, ofRows.cardinality());
                assertEquals(8, ofOne.cardinality());
            }
    }

    private static int four(int depth, int row, int d) {
        return row * depth + (d / 4 ^ row % 8) * 4;
    }

    /// As A register i of a lane has row g + 8(i mod 2), columns 2t and 2t + 1 of the half i / 2 of k; as B
    /// with these columns x[n] and x[n + 2] are the halves of k of column 8n + g. The transposed read makes k
    /// of rows.
    @ParameterizedTest
    @ValueSource(ints = {32, 64, 128})
    void lanesReadTheNumbersThatTensorCoresExpect(int depth) {
        for (int lane = 0; lane < WARP; lane++)
            for (int i = 0; i < 4; i++)
                for (int e = 0; e < 2; e++) {
                    int g = lane / 4, t = lane % 4, row = 48, piece = depth / 8 - 2;
                    int line = g + i % 2 * 8, k = i / 2 * 8 + 2 * t + e;
                    int plain = named(depth, row, piece, 8 * i + g, false) + 4 * t + 2 * e;
                    assertEquals(place(depth, row + line, piece + k / 8) + k % 8 * 2, plain);
                    int transposed = named(depth, row, piece, 8 * i + 2 * t + e, true) + 2 * g;
                    assertEquals(place(depth, row + k, piece + line / 8) + line % 8 * 2, transposed);
                }
    }

    /// The ring as the copies leave it when a tile of columns is read, the next tile's being on their way:
    /// every patch finds the relative position row − column of each of its scores.
    @ParameterizedTest
    @CsvSource({"0, 1", "0, 33", "64, 100", "128, 300", "192, 200"})
    void everyScoreFindsItsRelativePosition(int first, int length) {
        int[] ring = new int[RING];
        Arrays.fill(ring, Integer.MIN_VALUE);
        for (int col0 = 0; col0 < length; col0 += COLS) {
            if (col0 == 0) fetch(ring, first, first - COLS, TILE + COLS);
            if (col0 + COLS < length) fetch(ring, first, first - col0 - 2 * COLS, COLS);
            for (int row = 0; row < TILE; row += PATCH)
                for (int col = col0; col < col0 + COLS; col += PATCH)
                    for (int a = 0; a < PATCH; a++)
                        for (int b = 0; b < PATCH; b++) {
                            int o = a - b + PATCH;
                            assertTrue(o > 0 && o < 2 * PATCH);
                            int slot = slot(row, col, o / PATCH) + o % PATCH;
                            assertEquals(first + row + a - (col + b), ring[slot]);
                        }
        }
    }

    private static int slot(int row, int col, int upper) {
        return row - col - PATCH + upper * PATCH & RING - 1;
    }

    private static void fetch(int[] ring, int first, int relative, int count) {
        for (int n = 0; n < count; n++) ring[relative + n - first & RING - 1] = relative + n;
    }

    /// Sums move up by two windows a tile; what leaves at the top and what is there at the end are written,
    /// each relative position once and complete.
    @ParameterizedTest
    @CsvSource({"0, 1", "0, 33", "64, 100", "128, 300", "192, 200", "0, 64"})
    void aTablesGradientIsWrittenOnce(int first, int length) {
        int[] expected = new int[length + TILE - 1], written = new int[length + TILE - 1], times = written.clone();
        for (int row = first; row < Math.min(first + TILE, length); row++)
            for (int col = 0; col < length; col++) expected[row - col - (first - (length - 1))]++;
        int[][] sums = new int[WINDOWS][PATCH];
        int col0 = 0;
        for (; col0 < length; col0 += COLS) {
            for (int a = 0; a < TILE / PATCH; a++)
                for (int b = 0; b < 2; b++)
                    for (int i = 0; i < PATCH; i++)
                        for (int j = 0; j < PATCH; j++) {
                            int o = i - j + PATCH, row = first + a * PATCH + i, col = col0 + b * PATCH + j;
                            if (row < length && col < length) sums[a - b + 1 + o / PATCH][o % PATCH]++;
                        }
            write(sums, WINDOWS - 2, length, col0, written, times);
            for (int window = WINDOWS - 1; window >= 0; window--)
                sums[window] = window >= 2 ? sums[window - 2] : new int[PATCH];
        }
        write(sums, 2, length, col0, written, times);
        for (int o = 0; o < expected.length; o++) {
            assertEquals(1, times[o], "place " + o);
            assertEquals(expected[o], written[o], "place " + o);
        }
    }

    private static void write(int[][] sums, int from, int length, int col0, int[] written, int[] times) {
        for (int window = from; window < WINDOWS; window++)
            for (int i = 0; i < PATCH; i++) {
                int o = length - 1 - col0 - COLS + window * PATCH + i;
                if (o < 0 || o >= length + TILE - 1) continue;
                written[o] = sums[window][i];
                times[o]++;
            }
    }

    /// Lanes that have parts of the same groups of four keys each draw one of them; every value gets the word
    /// of its element.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void lanesShareRandomWords(boolean keys) {
        var dropout = new Dropout(0.4f, 77, 3, 2);
        int row = 32, col = 16, width = 100;
        for (int n = 0; n < 2; n++) {
            int[] bits = new int[WARP];
            for (int lane = 0; lane < WARP; lane++) {
                int g = lane / 4, t = lane % 4, mine = keys ? g % 4 : t % 2;
                int i = keys ? col + 8 * n + 2 * t + mine % 2 : row + g + 8 * mine;
                int j = keys ? row + g / 4 * 4 + mine / 2 * 8 : col + 8 * n + t / 2 * 4;
                assertEquals(0, j % 4);
                for (int e = 0; e < 4; e++)
                    if (Philox.apply(dropout, (long) i * width + j + e, 1f) != 0) bits[lane] |= 1 << 4 * mine + e;
            }
            for (int lane = 0; lane < WARP; lane++) {
                int g = lane / 4, t = lane % 4, all = 0;
                if (keys) {
                    for (int other : new int[] {0, 4, 8, 12}) all |= bits[lane ^ other];
                    int mine = 0;
                    for (int e = 0; e < 4; e++) mine |= (all >> 4 * e + g % 4 & 1) << e;
                    all = mine;
                } else {
                    int both = bits[lane] | bits[lane ^ 1], from = t % 2 * 2;
                    all = both >> from & 3 | (both >> 4 + from & 3) << 2;
                }
                for (int e = 0; e < 4; e++) {
                    int a = row + g + e / 2 * 8, b = col + 8 * n + 2 * t + e % 2, i = keys ? b : a, j = keys ? a : b;
                    boolean kept = Philox.apply(dropout, (long) i * width + j, 1f) != 0;
                    assertEquals(kept, (all >> e & 1) == 1);
                }
            }
        }
    }

    /// Of any device with tensor cores of bfloat16, but wide heads with positions, which want an A100 or an
    /// H100.
    @Test
    void tilesFitSharedMemory() {
        assertEquals(48 << 10, CudaTensorAttention.backwardBytes(64, Terms.PLAIN));
        assertEquals(64 << 10, CudaTensorAttention.backwardBytes(128, Terms.PLAIN));
        assertEquals(84 << 10, CudaTensorAttention.backwardBytes(64, Terms.POSITIONS));
        assertEquals(148 << 10, CudaTensorAttention.backwardBytes(128, Terms.POSITIONS));
        assertEquals(63 << 10, CudaTensorAttention.backwardBytes(64, Terms.BIAS));
        assertEquals(
                (64 << 10) + 2 * 4 * 96 + (12 << 10) + (1 << 10), CudaTensorAttention.backwardBytes(128, Terms.BIAS));
    }

    // ── The bias by relative position ────────────────────────────────────────────────────────────

    /// What a tile of columns brings of the bias by i − j, in pieces of 16 bytes and inside of what there is,
    /// has that of each of its scores, whether its rows are queries or keys.
    @ParameterizedTest
    @CsvSource({"0, 1", "0, 33", "64, 100", "128, 300", "192, 200", "0, 64"})
    void everyScoreFindsItsBias(int first, int length) {
        int half = CudaBias.half(length);
        for (int cols : new int[] {32, 64})
            for (boolean keys : new boolean[] {false, true})
                for (int col = 0; col < length; col += cols) {
                    int least = keys ? col - first - TILE : first - col - cols; // of place 0
                    assertEquals(0, (half + least) % 4);
                    assertTrue(half + least >= 0 && half + least + TILE + cols <= 2 * half);
                    for (int a = 0; a < TILE; a++)
                        for (int b = 0; b < cols; b++) {
                            int place = keys ? b - a + TILE : a - b + cols, difference = first + a - (col + b);
                            assertTrue(place > 0 && place < TILE + cols);
                            assertEquals(keys ? -difference : difference, least + place);
                        }
                }
    }

    /// A lane each adds up a diagonal of a patch; neither the writes of a half of a warp, two floats a lane,
    /// nor the reads meet in a bank.
    @Test
    void diagonalsMeetInNoBank() {
        int pitch = 24;
        int[] met = new int[2 * PATCH];
        for (int i = 0; i < PATCH; i++) {
            BitSet banks = new BitSet();
            int lanes = 0;
            for (int lane = 0; lane < WARP; lane++) {
                int j = i + PATCH - lane;
                if (j < 0 || j >= PATCH) continue;
                assertEquals(i - j, lane - PATCH);
                banks.set((i * pitch + j) % 32);
                met[lane]++;
                lanes++;
            }
            assertEquals(lanes, banks.cardinality());
        }
        for (int o = 0; o < met.length; o++) assertEquals(PATCH - Math.abs(o - PATCH), met[o]);
        for (int half = 0; half < 2; half++) {
            BitSet banks = new BitSet();
            for (int lane = 16 * half; lane < 16 * half + 16; lane++)
                for (int e = 0; e < 2; e++) banks.set((lane / 4 * pitch + 2 * (lane % 4) + e) % 32);
            assertEquals(32, banks.cardinality());
        }
    }

    /// The first warp adds the diagonals that all left; sums move up by the columns of a tile, and each
    /// relative position is written once and complete.
    @ParameterizedTest
    @CsvSource({"0, 1", "0, 33", "64, 100", "128, 300", "192, 200", "0, 64"})
    void theGradientOfTheBiasIsWrittenOnce(int first, int length) {
        int[] expected = new int[length + TILE - 1];
        for (int row = first; row < Math.min(first + TILE, length); row++)
            for (int col = 0; col < length; col++) expected[row - col - (first - (length - 1))]++;
        for (int cols : new int[] {32, 64}) {
            int[] written = new int[length + TILE - 1], times = written.clone();
            int columns = cols / PATCH, chunks = columns / 2;
            int[][] sums = new int[(TILE + cols) / WARP][WARP];
            int col0 = 0;
            for (; col0 < length; col0 += cols) {
                int[][] diagonals = new int[2 * TILE / PATCH * chunks][2 * PATCH];
                for (int[] each : diagonals) Arrays.fill(each, 1 << 20); // what no warp wrote is not to be read
                for (int warp = 0; warp < 2 * TILE / PATCH; warp++)
                    for (int chunk = 0; chunk < chunks; chunk++) {
                        int row = first + warp % 4 * PATCH, col = col0 + (2 * chunk + warp / 4) * PATCH;
                        if (row >= length || col >= length) break;
                        int[] sum = diagonals[warp * chunks + chunk];
                        Arrays.fill(sum, 0);
                        for (int i = 0; i < PATCH; i++)
                            for (int j = 0; j < PATCH; j++)
                                if (row + i < length && col + j < length) sum[i - j + PATCH]++;
                    }
                for (int k = 0; k < sums.length; k++)
                    for (int lane = 0; lane < WARP; lane++)
                        for (int a = 0; a < TILE / PATCH && first + a * PATCH < length; a++)
                            for (int upper = 0; upper < 2; upper++) {
                                int b = a - 1 + columns + upper - (2 * k + lane / PATCH);
                                if (b < 0 || b >= columns || col0 + b * PATCH >= length) continue;
                                int patch = (a + b % 2 * 4) * chunks + b / 2;
                                sums[k][lane] += diagonals[patch][upper * PATCH + lane % PATCH];
                            }
                writeBias(sums, TILE / WARP, length, col0, cols, written, times);
                for (int k = sums.length - 1; k >= 0; k--)
                    sums[k] = k >= cols / WARP ? sums[k - cols / WARP] : new int[WARP];
            }
            writeBias(sums, cols / WARP, length, col0, cols, written, times);
            for (int o = 0; o < expected.length; o++) {
                assertEquals(1, times[o], "place " + o);
                assertEquals(expected[o], written[o], "place " + o);
            }
        }
    }

    private static void writeBias(int[][] sums, int from, int length, int col0, int cols, int[] written, int[] times) {
        for (int k = from; k < sums.length; k++)
            for (int lane = 0; lane < WARP; lane++) {
                int o = length - 1 - col0 - cols + k * WARP + lane;
                if (o < 0 || o >= length + TILE - 1) continue;
                written[o] = sums[k][lane];
                times[o]++;
            }
    }
}
