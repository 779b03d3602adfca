package dev.merapi.train;

import java.util.Map;
import java.util.TreeMap;

/// Options of a schedule under the names that PyTorch and transformers gave them, as text; what is left out has
/// its usual value. [SchedulerType] says which there are.
///
/// @param values by name
public record ScheduleOptions(Map<String, String> values) {
    public static final ScheduleOptions NONE = new ScheduleOptions(Map.of());

    public ScheduleOptions {
        values = java.util.Collections.unmodifiableMap(new TreeMap<>(values));
    }

    public static ScheduleOptions of(String name, double value) {
        return new ScheduleOptions(Map.of(name, Double.toString(value)));
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    double number(String name, double usual) {
        if (!has(name)) return usual;
        try {
            double value = Double.parseDouble(values.get(name));
            if (value >= 0 && value < Double.POSITIVE_INFINITY) return value;
        } catch (NumberFormatException _) {
            // said below
        }
        throw new SettingsException(
                "lr-scheduler-kwargs: expected a number of at least 0 for " + name + ", got " + values.get(name));
    }

    int integer(String name, int usual) {
        double value = number(name, usual);
        if (value != Math.rint(value) || value > Integer.MAX_VALUE)
            throw new SettingsException("lr-scheduler-kwargs: expected a whole number for " + name + ", got " + value);
        return (int) value;
    }

    /// Whether something that is off as usual is switched on: true or false, as Java or Python write them.
    boolean flag(String name) {
        if (!has(name)) return false;
        return switch (values.get(name)) {
            case "true", "True" -> true;
            case "false", "False" -> false;
            default ->
                throw new SettingsException(
                        "lr-scheduler-kwargs: expected true or false for " + name + ", got " + values.get(name));
        };
    }

    /// A name of a constant in lower case, or 1-sqrt for `ONE_MINUS_SQRT`.
    <E extends Enum<E>> E choice(String name, Class<E> kind, E usual) {
        if (!has(name)) return usual;
        for (E constant : kind.getEnumConstants()) if (constant.toString().equals(values.get(name))) return constant;
        throw new SettingsException("lr-scheduler-kwargs: expected one of " + java.util.List.of(kind.getEnumConstants())
                + " for " + name + ", got " + values.get(name));
    }
}
