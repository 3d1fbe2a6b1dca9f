package io.blobstore.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Measures shell commands by the shell's own clock, which counts their CPU time. */
final class ShellTimer {
    private ShellTimer() {}

    /** Runs a command. */
    static void run(String command) throws IOException, InterruptedException {
        output(command);
    }

    /** Runs a command, and returns what it and its children used. */
    static Measurement time(String command) throws IOException, InterruptedException {
        String[] seconds = output("TIMEFORMAT='%R %U %S'; time { " + command + "; }")
                .strip()
                .split(" ");
        double cpu = Double.parseDouble(seconds[1]) + Double.parseDouble(seconds[2]);
        return new Measurement(cpu, Double.parseDouble(seconds[0]), 0, 0, true);
    }

    private static String output(String script) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("bash", "-c", script)
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new BenchmarkException("'" + script + "' failed: " + text.strip());
        }
        return text;
    }
}
