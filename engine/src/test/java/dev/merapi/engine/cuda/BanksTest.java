package dev.merapi.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Where warps meet in a bank of shared memory: the places of gemm.cu, heads.cu, finish.cuh and of the terms in
/// attention_tensor.cuh, written again. Those of the operands of tensor cores are in [TensorTilesTest],
/// [HopperTilesTest] and [AttentionTilesTest].
class BanksTest {
    private static final int WARP = 32, THREADS = 256, BANKS = 32;

    /// How often the memory moves for one access of a warp: lanes with 8 bytes go by halves of the warp, with
    /// 16 by quarters; lanes that want the same word get it together.
    ///
    /// @param floats that each lane wants
    /// @param place  of a lane, in floats
    private static int moves(int floats, IntUnaryOperator place) {
        int moves = 0;
        for (int from = 0; from < WARP; from += WARP / floats) {
            Set<Integer> words = new HashSet<>();
            for (int lane = from; lane < from + WARP / floats; lane++) {
                assertEquals(0, place.applyAsInt(lane) % floats, "aligned");
                for (int e = 0; e < floats; e++) words.add(place.applyAsInt(lane) + e);
            }
            int[] inBank = new int[BANKS];
            int most = 0;
            for (int word : words) most = Math.max(most, ++inBank[word % BANKS]);
            moves += most;
        }
        return moves;
    }

    /// The float32 tiles, k-major, rows of TILE + 4.
    @ParameterizedTest
    @CsvSource({"128, 8", "64, 16"})
    void tilesOfFloat32AreReadInFoursWithoutConflicts(int tile, int step) {
        int pitch = tile + 4, each = tile / 16;
        for (int warp = 0; warp < THREADS / WARP; warp++) {
            int first = warp * WARP;
            for (int load = 0; load < 4; load++) {
                int from = first + load * THREADS;
                assertEquals(1, moves(1, lane -> (from + lane) / tile * pitch + (from + lane) % tile));
                // where k runs along the operand's rows, 16 of a step of k are four banks apart and meet by twos
                assertEquals(step / 8, moves(1, lane -> (from + lane) % step * pitch + (from + lane) / step));
            }
            for (int i = 0; i < each; i += 4) {
                int at = i;
                assertEquals(4, moves(4, lane -> place((first + lane) % 16, at)), "columns");
                assertEquals(4, moves(4, lane -> place((first + lane) / 16, at)), "rows");
            }
        }
        BitSet covered = new BitSet();
        for (int thread = 0; thread < 16; thread++) for (int i = 0; i < each; i++) covered.set(place(thread, i));
        assertEquals(tile, covered.cardinality());
        assertEquals(tile, covered.length());
    }

    private static int place(int thread, int i) {
        return i / 4 * 64 + thread * 4 + i % 4;
    }

    /// Attention written out: rows of 33 floats, written along either side.
    @Test
    void tilesOfHeadsAreWrittenAndReadWithoutConflicts() {
        for (int other = 0; other < WARP; other++) {
            int at = other;
            assertEquals(1, moves(1, lane -> at * 33 + lane), "a row");
            assertEquals(1, moves(1, lane -> lane * 33 + at), "a column");
            assertEquals(1, moves(1, lane -> at * 33), "one for all");
        }
    }

    /// A lane of a product has two neighbours of row lane/4; rows begin 8 banks behind each other.
    @ParameterizedTest
    @ValueSource(ints = {64, 128, 256})
    void aTileOfTheResultIsWrittenAndReadWithoutConflicts(int cols) {
        int pitch = cols + 8;
        for (int col = 0; col < cols; col += 8) {
            int from = col;
            assertEquals(2, moves(2, lane -> lane / 4 * pitch + from + lane % 4 * 2));
        }
        for (int at = 0; at < 4 * cols; at += 4 * WARP) { // whole rows, four floats a lane
            int from = at;
            assertEquals(4, moves(4, lane -> (from + 4 * lane) / cols * pitch + (from + 4 * lane) % cols));
        }
    }

    /// [16, 32] terms of relative positions, of which the patch reads a band.
    @Test
    void termsAreWrittenWithoutConflictsAndReadByTwosAtMost() {
        for (int n = 0; n < 4; n++) {
            int col = 8 * n;
            assertEquals(2, moves(2, lane -> lane / 4 * 40 + col + 2 * (lane % 4)));
        }
        for (boolean byColumn : new boolean[] {false, true})
            for (int n = 0; n < 2; n++)
                for (int e = 0; e < 4; e++) {
                    int row = e / 2 * 8, col = 8 * n + e % 2;
                    int moves = moves(1, lane -> {
                        int i = lane / 4 + row, j = col + 2 * (lane % 4);
                        return (byColumn ? j : i) * 40 + i - j + 16;
                    });
                    assertTrue(moves <= 2, "a band is read in " + moves);
                }
    }

    /// The halves of a row of results: a float a thread, neighbours side by side.
    @Test
    void halvesAreAddedWithoutConflicts() {
        for (int warp = 0; warp < 8; warp++) {
            int first = warp * WARP;
            assertEquals(1, moves(1, lane -> (first + lane) % (THREADS / 2)));
        }
    }
}
