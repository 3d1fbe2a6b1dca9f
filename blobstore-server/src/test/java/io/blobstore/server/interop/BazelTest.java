package io.blobstore.server.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.contract.Campaign;
import io.blobstore.contract.LeakCheck;
import io.blobstore.server.internal.grpc.RemoteExecutionTest;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Bazel builds a small C project twice, each time from nothing: the second build runs no action. */
@Campaign(representedBy = RemoteExecutionTest.class)
@EnabledIfEnvironmentVariable(
        named = "BLOBSTORE_TEST_BAZEL",
        matches = ".+",
        disabledReason = "Bazel is not named: see .ci/with-servers")
@Timeout(value = 15, unit = TimeUnit.MINUTES)
@ExtendWith(LeakCheck.class)
class BazelTest {
    private static final String BAZEL = System.getenv("BLOBSTORE_TEST_BAZEL");

    /** A directory of the rules that Bazel would download, as Debian has it; null if Bazel finds them by itself. */
    private static final String RULES = System.getenv("BLOBSTORE_TEST_BAZEL_RULES");

    private static final Pattern PROCESSES = Pattern.compile("INFO: \\d+ process(?:es)?: (.*)\\.");
    private static final int ACTIONS = 5;

    @TempDir
    private Path directory;

    private void project() throws IOException {
        write("project/WORKSPACE", "");
        write("project/BUILD", """
            genrule(name = "big", outs = ["big.txt"], cmd = "seq 1 1000000 > $@")
            genrule(name = "sum", srcs = ["big.txt"], outs = ["sum.txt"], cmd = "cksum $(location big.txt) > $@")
            cc_library(name = "greeting", srcs = ["greeting.c"], hdrs = ["greeting.h"])
            cc_binary(name = "hello", srcs = ["hello.c"], deps = [":greeting"])
            """);
        write("project/greeting.h", "const char *greeting(void);\n");
        write("project/greeting.c", "#include \"greeting.h\"\nconst char *greeting(void) { return \"hello\"; }\n");
        write("project/hello.c", """
            #include <stdio.h>
            #include "greeting.h"
            int main(void) { return puts(greeting()) < 0; }
            """);
        // What Bazel 4 loads of the rules for C: names of rules that it has built in.
        write("rules_cc/WORKSPACE", "");
        write("rules_cc/cc/BUILD", "");
        write("rules_cc/cc/compiler.bzl", """
            def _impl(ctx):
                return [config_common.FeatureFlagInfo(value = "gcc")]
            compiler_flag = rule(implementation = _impl)
            """);
        write("rules_cc/cc/defs.bzl", """
            load(":compiler.bzl", _compiler_flag = "compiler_flag")
            cc_binary = native.cc_binary
            cc_library = native.cc_library
            cc_test = native.cc_test
            cc_import = native.cc_import
            cc_toolchain = native.cc_toolchain
            cc_toolchain_suite = native.cc_toolchain_suite
            cc_libc_top_alias = native.cc_libc_top_alias
            objc_library = native.objc_library
            fdo_profile = native.fdo_profile
            compiler_flag = _compiler_flag
            """);
    }

    private void write(String name, String content) throws IOException {
        Path file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }

    private String bazel(String output, List<String> arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                BAZEL,
                "--batch", // no server of Bazel's own, which would outlive the test
                "--nohome_rc",
                "--output_user_root=" + directory.resolve(output)));
        command.addAll(arguments);
        // A home directory that both builds see: it is a part of the environment of actions.
        return Program.in(directory.resolve("project")).run(command);
    }

    /** Builds everything from nothing, and returns how many actions were run, by where. */
    private String build(String output, URI remote, List<String> options) throws Exception {
        List<String> arguments = new ArrayList<>(List.of(
                "build",
                "//:all",
                "--remote_cache=" + remote,
                "--remote_timeout=60",
                "--spawn_strategy=local",
                "--symlink_prefix=/",
                "--color=no",
                "--curses=no"));
        if (RULES != null && !RULES.isEmpty()) {
            arguments.add("--override_repository=rules_cc=" + directory.resolve("rules_cc"));
            arguments.add("--override_repository=platforms=" + RULES + "/platforms");
            arguments.add("--override_repository=rules_java=" + RULES + "/rules/java");
            arguments.add("--override_repository=rules_proto=" + RULES + "/rules/proto");
        }
        arguments.addAll(options);
        String printed = bazel(output, arguments);
        Matcher processes = PROCESSES.matcher(printed);
        assertThat(processes.find()).as(printed).isTrue();
        return processes.group(1);
    }

    private void buildTwice(ServerProcess server, URI remote, List<String> options, String how) throws Exception {
        project();
        assertThat(build("first", remote, options)).contains("local").doesNotContain("cache hit");
        String second = build("second", remote, options);
        assertThat(second).contains(ACTIONS + " remote cache hit").doesNotContain("local");
        String version = bazel("first", List.of("version"))
                .lines()
                .filter(line -> line.startsWith("Build label"))
                .findFirst()
                .orElse("?");
        Program.row(
                "Bazel " + how,
                version.substring(version.indexOf(':') + 1).replace("no_version", "bazel-bootstrap of Debian"),
                "a C project is built twice from nothing; second build: " + second);
    }

    @Test
    void theSecondBuildHasOnlyHitsOverGrpc() throws Exception {
        try (ServerProcess server = ServerProcess.start(directory.resolve("cache"))) {
            buildTwice(server, server.grpc(), List.of(), "over gRPC");
            assertThat(server.requests("grpc", "UpdateActionResult", "OK")).isEqualTo(ACTIONS);
            assertThat(server.requests("grpc", "GetActionResult", "OK")).isEqualTo(ACTIONS);
        }
    }

    @Test
    void theSecondBuildHasOnlyHitsOverHttp() throws Exception {
        try (ServerProcess server = ServerProcess.start(directory.resolve("cache"))) {
            buildTwice(server, server.http(), List.of(), "over HTTP");
            assertThat(server.requests("grpc", "GetCapabilities", "OK")).isZero();
        }
    }

    @Test
    void theSecondBuildHasOnlyHitsWithCompression() throws Exception {
        project();
        Matcher option = Pattern.compile("--\\[no](\\w*remote_cache_compression)\\b")
                .matcher(bazel("first", List.of("help", "build", "--short")));
        assumeTrue(option.find(), "this version of Bazel does not compress what it sends to a cache");
        try (ServerProcess server = ServerProcess.start(directory.resolve("cache"))) {
            buildTwice(server, server.grpc(), List.of("--" + option.group(1)), "over gRPC with zstd");
            server.awaitAccess(line -> line.contains("Write") && line.contains("compressed-blobs/zstd/"));
            server.awaitAccess(line -> line.contains("Read") && line.contains("compressed-blobs/zstd/"));
        }
    }
}
