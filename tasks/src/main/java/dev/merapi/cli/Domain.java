package dev.merapi.cli;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Philox;
import dev.merapi.nn.pretrained.Json;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;

/// The values that an option may have in a search.
sealed interface Domain {
    /// Some values.
    record Choice(List<String> values) implements Domain {}

    /// All numbers from `low` to `high`, uniformly by themselves or by their logarithms.
    record Range(double low, double high, boolean logarithmic) implements Domain {}

    /// `[0, 0.1]`, `{"uniform": [0, 0.3]}` or `{"loguniform": [1e-5, 1e-3]}`.
    ///
    /// @param where what errors begin with
    static Domain read(String where, Json json) {
        if (json instanceof Json.Arr list && !list.values().isEmpty())
            return new Choice(list.values().stream().map(Domain::text).toList());
        if (json instanceof Json.Obj range && range.members().size() == 1) {
            String kind = range.members().keySet().iterator().next();
            if ((kind.equals("uniform") || kind.equals("loguniform"))
                    && range.get(kind) instanceof Json.Arr(List<Json> ends)
                    && ends.size() == 2
                    && ends.get(0) instanceof Json.Num low
                    && ends.get(1) instanceof Json.Num high
                    && low.asDouble() < high.asDouble()
                    && (kind.equals("uniform") || low.asDouble() > 0))
                return new Range(low.asDouble(), high.asDouble(), kind.equals("loguniform"));
        }
        throw new UsageException(where + ": expected a list of values, as [0, 0.1], or {\"uniform\": [low, high]} or"
                + " {\"loguniform\": [low, high]} with low < high and, for loguniform, 0 < low; got "
                + json.pretty().replaceAll("\\s+", " "));
    }

    private static String text(Json value) {
        return switch (value) {
            case Json.Str text -> text.value();
            case Json.Num number -> number.text();
            case Json.Bool bool -> Boolean.toString(bool.value());
            case Json.Arr list ->
                String.join(",", list.values().stream().map(Domain::text).toList());
            case Json.Obj _, Json.Null _ ->
                throw new UsageException("--grid: expected texts, numbers, true, false or lists of them as values");
        };
    }

    /// A value by chance, numbers to four digits.
    ///
    /// @param seed of the search
    /// @param trial which run
    /// @param option which of the options, in the order of their names
    default String draw(long seed, int trial, int option) {
        Floats u = Floats.allocate(trial + 1);
        Philox.uniform(u, seed, option, 0, 1); // the same for a trial however many there are
        double share = u.get(trial);
        return switch (this) {
            case Choice(List<String> values) -> values.get((int) Math.min(values.size() - 1, share * values.size()));
            case Range(double low, double high, boolean logarithmic) -> {
                double value = logarithmic
                        ? Math.exp(Math.log(low) + share * (Math.log(high) - Math.log(low)))
                        : low + share * (high - low);
                yield new BigDecimal(value)
                        .round(new MathContext(4))
                        .stripTrailingZeros()
                        .toString();
            }
        };
    }
}
