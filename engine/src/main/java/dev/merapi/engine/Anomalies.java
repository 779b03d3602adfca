package dev.merapi.engine;

import dev.merapi.engine.kernel.Floats;
import java.lang.StackWalker.StackFrame;
import java.util.List;

/// Looks for the first operation whose result or gradient is not finite, as PyTorch's `detect_anomaly`.
final class Anomalies {
    private static final String ENGINE = Anomalies.class.getPackageName() + ".";

    private String running = ""; // the operation whose backward step runs

    /// Checks an operation's result where it is made, and says what made it.
    String made(Tensor result) {
        String operation = operation();
        require(result.data(), "forward: " + operation, "a result " + result.shape(), null);
        return operation;
    }

    void running(String operation) {
        running = operation;
    }

    /// Checks what the running backward step gives an operand.
    void contributed(Tensor operand, Floats gradient) {
        require(
                gradient,
                "backward: " + running,
                "a gradient of " + (operand.isLeaf() ? "the variable " : "its operand ") + operand.shape(),
                operand.isLeaf() ? operand : null);
    }

    private static void require(Floats values, String operation, String what, Tensor variable) {
        for (int i = 0; i < values.length; i++)
            if (!Float.isFinite(values.get(i)))
                throw new AnomalyException(
                        operation + ", gives " + what + " that is " + values.get(i) + " at " + i, variable);
    }

    /// The outermost method of this package on the stack, and who called it.
    private static String operation() {
        List<StackFrame> frames =
                StackWalker.getInstance().walk(all -> all.limit(40).toList());
        int i = 0;
        while (i < frames.size() - 1 && frames.get(i).getClassName().startsWith(ENGINE)) i++;
        return name(frames.get(Math.max(0, i - 1))) + ", called by " + name(frames.get(i));
    }

    /// `Bert.Layer.forward` for `dev.merapi.nn.model.Bert$Layer`'s.
    private static String name(StackFrame frame) {
        String type = frame.getClassName();
        return type.substring(type.lastIndexOf('.') + 1).replace('$', '.') + "." + frame.getMethodName();
    }
}
