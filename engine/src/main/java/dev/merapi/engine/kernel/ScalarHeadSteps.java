package dev.merapi.engine.kernel;

/// The steps in plain loops, the products by the kernels' own.
final class ScalarHeadSteps implements HeadSteps {
    private final Kernels kernels;
    private final int heads;
    private final int width; // D
    private final int[] starts;
    private final int tokens; // N

    ScalarHeadSteps(Kernels kernels, int heads, int width, int[] starts) {
        this.kernels = kernels;
        this.heads = heads;
        this.width = width;
        this.starts = starts;
        this.tokens = starts[starts.length - 1];
    }

    /// One sequence under one head: its rows `[t, D]` begin at value `rows` of heads apart, its scores `[t, t]`
    /// at `scores`.
    private record Piece(int head, int begin, int t, int rows, int scores) {}

    @FunctionalInterface
    private interface Visitor {
        void visit(Piece piece);
    }

    private void forEach(Visitor visitor) {
        int place = 0;
        for (int b = 1; b < starts.length; b++) {
            int begin = starts[b - 1], t = starts[b] - begin;
            for (int h = 0; h < heads; h++) {
                visitor.visit(new Piece(h, begin, t, (h * tokens + begin) * width, place));
                place += t * t;
            }
        }
    }

    private Floats rows(Floats x, Piece p) {
        return x.slice(p.rows, p.t * width);
    }

    private static Floats square(Floats x, Piece p) {
        return x.slice(p.scores, p.t * p.t);
    }

    @Override
    public void swap(int m, int n, Floats x, Floats y, boolean accumulate) {
        float[] values = x.readable(), result = y.writable();
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++) {
                int from = x.offset + (i * n + j) * width;
                int to = y.offset + (j * m + i) * width;
                if (accumulate) for (int d = 0; d < width; d++) result[to + d] += values[from + d];
                else System.arraycopy(values, from, result, to, width);
            }
    }

    @Override
    public void productNT(Floats a, Floats b, Floats s, boolean accumulate) {
        forEach(p -> kernels.matmulNT(p.t, p.t, width, rows(a, p), rows(b, p), null, square(s, p), accumulate));
    }

    @Override
    public void productNN(Floats s, Floats b, Floats y, boolean accumulate) {
        forEach(p -> kernels.matmulNN(p.t, width, p.t, square(s, p), rows(b, p), rows(y, p), accumulate));
    }

    @Override
    public void productTN(Floats s, Floats b, Floats y, boolean accumulate) {
        forEach(p -> kernels.matmulTN(p.t, width, p.t, square(s, p), rows(b, p), rows(y, p), accumulate));
    }

    @Override
    public void addBias(Floats s, float scale, Floats bias, int[] bucketOf) {
        int middle = bucketOf.length / 2;
        forEach(p -> {
            Floats values = square(s, p);
            for (int i = 0; i < p.t; i++)
                for (int j = 0; j < p.t; j++)
                    values.set(
                            i * p.t + j,
                            values.get(i * p.t + j) * scale + bias.get(bucketOf[middle + j - i] * heads + p.head));
        });
    }

    @Override
    public void addBiasBackward(Floats ds, int[] bucketOf, Floats dbias) {
        int middle = bucketOf.length / 2;
        forEach(p -> {
            Floats dy = square(ds, p);
            for (int i = 0; i < p.t; i++)
                for (int j = 0; j < p.t; j++) {
                    int at = bucketOf[middle + j - i] * heads + p.head;
                    dbias.set(at, dbias.get(at) + dy.get(i * p.t + j));
                }
        });
    }

    @Override
    public void addRelative(Floats s, Floats terms, int positions, int[] rowOf, boolean byKey) {
        int middle = rowOf.length / 2;
        forEach(p -> {
            Floats values = square(s, p);
            for (int i = 0; i < p.t; i++)
                for (int j = 0; j < p.t; j++) {
                    int token = p.head * tokens + p.begin + (byKey ? j : i);
                    float term = terms.get(token * positions + rowOf[middle + i - j]);
                    values.set(i * p.t + j, values.get(i * p.t + j) + term);
                }
        });
    }

    @Override
    public void addRelativeBackward(Floats ds, int positions, int[] rowOf, boolean byKey, Floats dterms) {
        int middle = rowOf.length / 2;
        forEach(p -> {
            Floats dy = square(ds, p);
            for (int i = 0; i < p.t; i++)
                for (int j = 0; j < p.t; j++) {
                    int token = p.head * tokens + p.begin + (byKey ? j : i);
                    int at = token * positions + rowOf[middle + i - j];
                    dterms.set(at, dterms.get(at) + dy.get(i * p.t + j));
                }
        });
    }

    @Override
    public void softmax(Floats s, float scale) {
        forEach(p -> {
            for (int i = 0; i < p.t; i++) softmaxRow(s.slice(p.scores + i * p.t, p.t), scale);
        });
    }

    private static void softmaxRow(Floats s, float scale) {
        float largest = Float.NEGATIVE_INFINITY;
        for (int j = 0; j < s.length; j++) {
            s.set(j, s.get(j) * scale);
            largest = Math.max(largest, s.get(j));
        }
        double sum = 0;
        for (int j = 0; j < s.length; j++) {
            float e = (float) Math.exp(s.get(j) - largest);
            s.set(j, e);
            sum += e;
        }
        float inverse = (float) (1 / sum);
        for (int j = 0; j < s.length; j++) s.set(j, s.get(j) * inverse);
    }

    @Override
    public void softmaxBackward(Floats p, Floats dp, float scale, Floats ds, boolean accumulate) {
        forEach(at -> {
            for (int i = 0; i < at.t; i++) {
                int row = at.scores + i * at.t;
                softmaxRowBackward(p.slice(row, at.t), dp.slice(row, at.t), scale, ds.slice(row, at.t), accumulate);
            }
        });
    }

    private static void softmaxRowBackward(Floats p, Floats dp, float scale, Floats ds, boolean accumulate) {
        double sum = 0;
        for (int j = 0; j < p.length; j++) sum += (double) p.get(j) * dp.get(j);
        for (int j = 0; j < p.length; j++) {
            float value = p.get(j) * (float) (dp.get(j) - sum) * scale;
            ds.set(j, accumulate ? ds.get(j) + value : value);
        }
    }

    @Override
    public void dropout(Floats x, Dropout dropout, Floats y, boolean accumulate) {
        int longest = 0;
        for (int b = 1; b < starts.length; b++) longest = Math.max(longest, starts[b] - starts[b - 1]);
        long stride = (longest + 3) / 4 * 4;
        forEach(p -> {
            for (int i = 0; i < p.t; i++)
                for (int j = 0; j < p.t; j++) {
                    long element = ((long) p.head * tokens + p.begin + i) * stride + j;
                    int at = p.scores + i * p.t + j;
                    float kept = Philox.apply(dropout, element, x.get(at));
                    y.set(at, accumulate ? y.get(at) + kept : kept);
                }
        });
    }
}
