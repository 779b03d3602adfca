package dev.merapi.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.merapi.engine.kernel.Floats;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RowGroupsTest {
    private final RowGroups groups = new RowGroups();

    /// One to four digits of eight bits, each batch after a longer or a shorter one.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 256, 257, 30522, 128100, Integer.MAX_VALUE})
    void rowsAreSummedByIdInTheOrderOfTheBatch(int rows) {
        SplittableRandom random = new SplittableRandom(rows);
        for (int count : new int[] {1, 7, 300, 64}) {
            int[] ids = random.ints(count, 0, rows).toArray();
            for (int i = 1; i < count; i += 3) ids[i] = ids[i / 2]; // some more than once
            float[] values = new float[count];
            for (int i = 0; i < count; i++) values[i] = (float) random.nextDouble(-1, 1);
            Map<Integer, Double> sums = new TreeMap<>();
            for (int i = 0; i < count; i++) sums.merge(ids[i], (double) values[i], Double::sum);

            SparseRows found = groups.sum(ids, count, 1, Floats.of(values), Device.scalar());

            int[] expected = sums.keySet().stream().mapToInt(id -> id).toArray();
            float[] expectedSums = new float[expected.length];
            for (int r = 0; r < expected.length; r++)
                expectedSums[r] = sums.get(expected[r]).floatValue();
            assertArrayEquals(expected, Arrays.copyOf(found.rows(), found.count()));
            assertArrayEquals(expectedSums, found.values().toArray());
        }
    }

    @Test
    void theHighestIdOfAllIsInItsPlace() {
        int[] ids = {Integer.MAX_VALUE, 0, Integer.MAX_VALUE - 1, Integer.MAX_VALUE};
        SparseRows found = groups.sum(ids, 4, 1, Floats.of(1, 2, 4, 8), Device.scalar());
        assertArrayEquals(
                new int[] {0, Integer.MAX_VALUE - 1, Integer.MAX_VALUE}, Arrays.copyOf(found.rows(), found.count()));
        assertArrayEquals(new float[] {2, 4, 9}, found.values().toArray());
    }
}
