package dev.merapi.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.engine.kernel.Precision;
import java.util.BitSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The index arithmetic of gemm_tensor.cu, written again: which bytes of shared memory hold which numbers, that
/// they are those the tensor cores expect (PTX ISA, mma.m16n8k16 and mma.m16n8k8), and that no two lanes meet
/// in a bank.
class TensorTilesTest {
    private static final int THREADS = 256, WARP = 32, PIECE = 16, STAGE = 128, BANKS = 32;

    /// An operand's tile of one stage.
    ///
    /// @param bytes of a number
    /// @param runs  whether a line is a row of the tile (and runs along k), else a k
    record Tile(int size, int bytes, boolean runs) {
        int each() {
            return PIECE / bytes;
        }

        int line() {
            return runs ? STAGE / PIECE : size / each();
        }

        int place(int line, int piece) {
            int turn = runs || bytes == 2 ? line % 8 : line % 4 * 2;
            return (line * line() + (piece ^ turn)) * PIECE;
        }

        /// Where the number of a row and a k lies.
        int at(int row, int k) {
            int line = runs ? row : k, along = runs ? k : row;
            return place(line, along / each()) + along % each() * bytes;
        }
    }

    static Stream<Tile> tiles() {
        return Stream.of(64, 128)
                .flatMap(size -> Stream.of(2, 4)
                        .flatMap(bytes -> Stream.of(true, false).map(runs -> new Tile(size, bytes, runs))));
    }

    @ParameterizedTest
    @MethodSource("tiles")
    void everyPieceOfAStageIsBroughtOnceAndWithoutConflicts(Tile tile) {
        int bytes = tile.size * STAGE, hop = THREADS / tile.line();
        BitSet brought = new BitSet();
        for (int i = 0; i < bytes / PIECE / THREADS; i++) {
            for (int first = 0; first < THREADS; first += 8) { // 128 bytes go at a time
                BitSet banks = new BitSet();
                for (int thread = first; thread < first + 8; thread++) {
                    int line = thread / tile.line(), piece = thread % tile.line();
                    int to = tile.place(line, piece) + i * THREADS * PIECE;
                    assertEquals(tile.place(line + i * hop, piece), to, "pieces of a thread lie below each other");
                    brought.set(to / PIECE);
                    banks.set(to / PIECE % 8);
                }
                assertEquals(8, banks.cardinality());
            }
        }
        assertEquals(bytes / PIECE, brought.cardinality());
        assertEquals(bytes / PIECE, brought.length());
    }

    /// Register i of lane l: row l/4 of the rows 8(i mod 2) on; of k the lower half for i < 2, there the
    /// numbers 2(l mod 4) and the next of 8, or with TF32 number l mod 4 of 4.
    @ParameterizedTest
    @MethodSource("tiles")
    void lanesReadTheNumbersThatTensorCoresExpect(Tile tile) {
        int deep = 32 / tile.bytes; // of k in a part
        for (int row = 0; row < tile.size; row += 16)
            for (int part = 0; part < STAGE / 32; part++)
                for (int i = 0; i < 4; i++) {
                    BitSet banks = new BitSet();
                    for (int lane = 0; lane < WARP; lane++) {
                        int wantedRow = row + i % 2 * 8 + lane / 4, each = 4 / tile.bytes;
                        int wantedK = part * deep + i / 2 * deep / 2 + lane % 4 * each;
                        for (int e = 0; e < each; e++)
                            assertEquals(
                                    tile.at(wantedRow, wantedK + e), read(tile, row, part, i, lane, e), tile + " " + i);
                        banks.set(read(tile, row, part, i, lane, 0) / 4 % BANKS);
                    }
                    if (tile.runs || tile.bytes == 4) assertEquals(BANKS, banks.cardinality(), tile + " in the banks");
                }
    }

    /// The address of number e of register i of a lane, by `ldmatrix`, `ldmatrix.trans` or one by one.
    private static int read(Tile tile, int row, int part, int i, int lane, int e) {
        if (tile.runs) return matrixRow(tile, row, part, 8 * i + lane / 4) + lane % 4 * 4 + e * tile.bytes;
        if (tile.bytes == 2) return matrixRow(tile, row, part, 8 * i + lane % 4 * 2 + e) + lane / 4 * 2;
        int at = row + i % 2 * 8 + lane / 4;
        return tile.place(part * 8 + i / 2 * 4 + lane % 4, at / tile.each()) + at % tile.each() * 4;
    }

    /// The row of 16 bytes that a lane names, of matrix lane/8.
    private static int matrixRow(Tile tile, int row, int part, int lane) {
        int matrix = lane / 8;
        return tile.runs
                ? tile.place(row + matrix % 2 * 8 + lane % 8, part * 2 + matrix / 2)
                : tile.place(part * 16 + matrix / 2 * 8 + lane % 8, row / tile.each() + matrix % 2);
    }

    @ParameterizedTest
    @MethodSource("tiles")
    void rowsOfAMatrixLieInDifferentBanks(Tile tile) {
        if (!tile.runs && tile.bytes == 4) return; // reads number by number
        for (int row = 0; row < tile.size; row += 16)
            for (int part = 0; part < STAGE / 32; part++)
                for (int matrix = 0; matrix < 4; matrix++) {
                    BitSet banks = new BitSet();
                    for (int r = 0; r < 8; r++) banks.set(matrixRow(tile, row, part, 8 * matrix + r) / PIECE % 8);
                    assertEquals(8, banks.cardinality());
                }
    }

    @Test
    void warpsCoverATileOfTheResultOnce() {
        for (int size : new int[] {64, 128}) {
            int warpRows = size / 2, warpCols = size / 4;
            BitSet covered = new BitSet();
            int values = 0;
            for (int thread = 0; thread < THREADS; thread++)
                for (int i = 0; i < warpRows / 16; i++)
                    for (int j = 0; j < warpCols / 8; j++)
                        for (int e = 0; e < 4; e++, values++) {
                            int warp = thread / WARP, lane = thread % WARP;
                            int row = warp / 4 * warpRows + i * 16 + e / 2 * 8 + lane / 4;
                            int col = warp % 4 * warpCols + j * 8 + lane % 4 * 2 + e % 2;
                            covered.set(row * size + col);
                        }
            assertEquals(size * size, values);
            assertEquals(size * size, covered.cardinality());
            assertTrue(size * (size + 8) * 4 <= 3 * 2 * size * STAGE, "it fits where the stages were");
        }
    }

    @Test
    void piecesOfALongSumCoverItOnceInWholeStages() {
        int[][] sizes = {{768, 768, 4096}, {768, 3072, 8192}, {1, 1, 100_000}, {129, 5, 1025}, {30_522, 768, 640}};
        for (Precision precision : new Precision[] {Precision.BF16, Precision.TF32})
            for (int[] size : sizes) {
                int k = size[2], depth = CudaProducts.depth(precision, size[0], size[1], k);
                long tiles = Driver.Grid.ceiling(size[0], 128) * Driver.Grid.ceiling(size[1], 128);
                long pieces = Driver.Grid.ceiling(k, depth);
                assertTrue(pieces == 1 || depth % (STAGE / (precision == Precision.TF32 ? 4 : 2)) == 0);
                assertTrue(pieces == 1 || pieces * tiles <= CudaProducts.MOST_BLOCKS);
                assertTrue(pieces == 1 || depth >= 512, "worth a block");
            }
    }
}
