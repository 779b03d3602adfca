package dev.merapi.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.BitSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// The index arithmetic of `lower_blocks` and of gemm_hopper.cu, written again: that the bytes which Hopper's
/// tensor cores read (PTX ISA, the canonical layouts of wgmma) hold the numbers that a product wants.
class HopperTilesTest {
    private static final int SIDE = 64, LINE = 128, PIECE = 16, BLOCK = SIDE * LINE, DEEP = 16;

    private static int blocks(int numbers) {
        return (numbers + SIDE - 1) / SIDE;
    }

    /// A lowered matrix.
    private record Lowered(int rows, int cols) {
        int bytes() {
            return blocks(rows) * blocks(cols) * BLOCK;
        }

        /// Row and column of the first number of the piece that a thread of `lower_blocks` writes.
        int[] from(int piece) {
            int height = blocks(rows) * SIDE, line = piece / 8 % height;
            return new int[] {line, piece / 8 / height * SIDE + (piece % 8 ^ line % 8) * 8};
        }

        /// Where `sum_blocks` reads.
        int at(int row, int col) {
            int number = (col / SIDE * blocks(rows) * SIDE + row) * SIDE + (col % SIDE / 8 ^ row % 8) * 8 + col % 8;
            return number * 2;
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "64, 64", "65, 200", "130, 7"})
    void everyNumberIsWrittenOnceWhereItIsRead(int rows, int cols) {
        Lowered x = new Lowered(rows, cols);
        BitSet written = new BitSet();
        for (int piece = 0; piece < x.bytes() / PIECE; piece++) {
            int[] from = x.from(piece);
            for (int e = 0; e < 8; e++) assertEquals(piece * PIECE + 2 * e, x.at(from[0], from[1] + e));
            written.set(from[0] * 1000 + from[1]);
        }
        assertEquals(x.bytes() / PIECE, written.cardinality());
    }

    /// The address that tensor cores read, relative to shared memory that begins at a multiple of 1024.
    private static int read(int start, int leading, int stride, boolean runs, int row, int k) {
        int at = runs
                ? start + row / 8 * stride + row % 8 * LINE + k * 2
                : start + row / SIDE * leading + k / 8 * stride + k % 8 * LINE + row % SIDE * 2;
        return at ^ (at >> 7 & 7) << 4;
    }

    /// The tile of 256 rows from row 64 on, of which 176 are there, in both directions.
    @ParameterizedTest
    @CsvSource({"true", "false"})
    void tensorCoresReadTheNumbersOfTheirTile(boolean runs) {
        int rows = 240, k = 150, row0 = 64, count = 4;
        Lowered x = runs ? new Lowered(rows, k) : new Lowered(k, rows);
        int height = blocks(x.rows), present = Math.min(count, blocks(rows) - row0 / SIDE);
        assertEquals(3, present);
        for (int step = 0; step < blocks(k); step++) {
            int[] stage = new int[count * BLOCK / 2]; // where in x each number of shared memory comes from
            Arrays.fill(stage, -1);
            for (int i = 0; i < present; i++) {
                int line = runs ? row0 / SIDE + i : step, column = runs ? step : row0 / SIDE + i;
                for (int n = 0; n < BLOCK / 2; n++) stage[i * BLOCK / 2 + n] = (column * height + line) * BLOCK / 2 + n;
            }
            for (int part = 0; part < SIDE / DEEP; part++)
                for (int row = 0; row0 + row < rows; row++)
                    for (int q = 0; q < DEEP; q++) {
                        int start = part * (runs ? DEEP * 2 : DEEP * LINE), depth = step * SIDE + part * DEEP + q;
                        int from = stage[read(start, BLOCK, 8 * LINE, runs, row, q) / 2];
                        int wanted = runs ? x.at(row0 + row, depth) : x.at(depth, row0 + row);
                        assertEquals(wanted / 2, from, row + ", " + depth);
                    }
        }
    }

    /// Eight pieces below each other, or beside each other, are of different banks.
    @Test
    void noTwoPiecesMeetInABank() {
        for (int fixed = 0; fixed < 8; fixed++) {
            BitSet below = new BitSet(), beside = new BitSet();
            for (int i = 0; i < 8; i++) {
                below.set(read(0, BLOCK, 8 * LINE, true, i, fixed * 8) / PIECE % 8);
                beside.set(read(0, BLOCK, 8 * LINE, true, fixed, i * 8) / PIECE % 8);
            }
            assertEquals(8, below.cardinality());
            assertEquals(8, beside.cardinality());
        }
    }

    /// Sum i of lane l of warp w.
    @ParameterizedTest
    @EnumSource(HopperTile.class)
    void warpgroupsCoverATileOfTheResultOnce(HopperTile tile) {
        BitSet covered = new BitSet();
        for (int thread = 0; thread < tile.threads() - 32; thread++)
            for (int i = 0; i < tile.cols / 2; i++) {
                int row = thread / 32 * 16 + i / 2 % 2 * 8 + thread % 32 / 4;
                int col = i / 4 * 8 + thread % 4 * 2 + i % 2;
                assertTrue(!covered.get(row * tile.cols + col));
                covered.set(row * tile.cols + col);
            }
        assertEquals(tile.rows * tile.cols, covered.cardinality());
    }

    /// Of 227 KB a block and 228 KB a multiprocessor, where each block costs 1 KB more and begins at a multiple
    /// of 1 KB.
    @Test
    void asManyBlocksFitAsTheKernelsAreMadeFor() {
        assertEquals(196_608 + 64, HopperTile.LARGE.sharedBytes());
        assertEquals(98_304 + 48, HopperTile.MEDIUM.sharedBytes());
        assertEquals(65_536 + 64, HopperTile.SMALL.sharedBytes());
        int[] blocks = {1, 2, 3};
        for (HopperTile tile : HopperTile.values()) {
            int each = (tile.sharedBytes() + 1023) / 1024 * 1024 + 1024;
            assertTrue(each * blocks[tile.ordinal()] <= 228 << 10, tile.name());
        }
    }

    /// On the 132 multiprocessors of an H100 and an H200.
    @ParameterizedTest
    @CsvSource({
        "4096, 4096, 1, LARGE", // 512 tiles in four rounds
        "8192, 3072, 1, LARGE",
        "8192, 768, 1, MEDIUM", // 192 large ones would be two rounds, of which one half full
        "2048, 768, 1, MEDIUM",
        "512, 768, 1, SMALL",
        "1, 2, 1, SMALL",
        "768, 768, 7, LARGE" // a weight's gradient in pieces: 126 in one round
    })
    void theTileFollowsFromTheSizesAndTheDevice(int m, int n, int slices, HopperTile tile) {
        assertEquals(tile, HopperTile.of(m, n, slices, 132));
    }
}
