package io.blobstore.cli;

import java.io.Console;
import java.util.Map;

/** The terminal that progress is shown on. */
final class Terminal {
    private static final int DEFAULT_COLUMNS = 80;

    private Terminal() {}

    /** Returns whether standard error is a terminal: as the script {@code blobstore} says, or as the JVM guesses. */
    @SuppressWarnings("SystemConsoleNull") // it does, before JDK 22
    static boolean isPresent() {
        String known = System.getProperty("blobstore.progress", "");
        if (known.equals("on") || known.equals("off")) {
            return known.equals("on");
        }
        Console console = System.console();
        if (console == null) {
            return false;
        }
        try { // since JDK 22 there is a console without a terminal too
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException before22) {
            return true;
        }
    }

    /** Returns whether it understands escape sequences. */
    static boolean hasEscapes(Map<String, String> environment) {
        String type = environment.getOrDefault("TERM", "");
        return !type.isEmpty() && !type.equals("dumb");
    }

    /** Returns its width: what the script {@code blobstore} has found, or that of COLUMNS; 80 if both are unknown. */
    static int columns(Map<String, String> environment) {
        int found = number(System.getProperty("blobstore.columns", ""));
        int variable = number(environment.getOrDefault("COLUMNS", ""));
        return found > 0 ? found : variable > 0 ? variable : DEFAULT_COLUMNS;
    }

    private static int number(String text) {
        return text.matches("[0-9]{1,6}") ? Integer.parseInt(text) : 0;
    }
}
