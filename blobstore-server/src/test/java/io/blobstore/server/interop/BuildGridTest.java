package io.blobstore.server.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.Campaign;
import io.blobstore.contract.LeakCheck;
import io.blobstore.server.internal.grpc.RemoteExecutionTest;
import java.io.IOException;
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

/** The programs of the BuildGrid and BuildStream projects upload a tree, and download it elsewhere. */
@Campaign(representedBy = RemoteExecutionTest.class)
@Timeout(value = 10, unit = TimeUnit.MINUTES)
@ExtendWith(LeakCheck.class)
class BuildGridTest {
    private static final String BUILDGRID = "BLOBSTORE_TEST_BUILDGRID";
    private static final String BUILDBOX_CASD = "BLOBSTORE_TEST_BUILDBOX_CASD";
    private static final String BUILDSTREAM_PYTHON = "BLOBSTORE_TEST_BUILDSTREAM_PYTHON";

    /** Uploads a tree by way of a buildbox-casd, or downloads one. */
    private static final String SCRIPT = """
        import sys, queue, shutil, grpc
        from buildstream._protos.build.buildgrid import local_cas_pb2 as local, local_cas_pb2_grpc
        from buildstream._protos.build.bazel.remote.execution.v2 import remote_execution_pb2 as api
        channel = grpc.insecure_channel('unix:' + sys.argv[1])
        grpc.channel_ready_future(channel).result(timeout=60)
        cas = local_cas_pb2_grpc.LocalContentAddressableStorageStub(channel)
        if sys.argv[2] == 'upload':
            response = cas.CaptureTree(local.CaptureTreeRequest(
                path=[sys.argv[3]], output_directory_format=api.Command.TREE_AND_DIRECTORY), timeout=120).responses[0]
            assert response.status.code == 0, response
            print(response.root_directory_digest.hash, response.root_directory_digest.size_bytes)
        else:
            root = api.Digest(hash=sys.argv[4], size_bytes=int(sys.argv[5]))
            cas.FetchTree(local.FetchTreeRequest(root_digest=root, fetch_file_blobs=True), timeout=120)
            request = local.StageTreeRequest(
                root_digest=root, staging_mode=local.StageTreeRequest.COPY_OR_LINK)
            requests = queue.Queue() # the staged tree is deleted when the requests end, or the call is collected
            requests.put(request)
            call = cas.StageTree(iter(requests.get, None), timeout=120)
            shutil.copytree(next(call).path, sys.argv[3], symlinks=True)
            requests.put(None)
        """;

    @TempDir
    private Path directory;

    @Test
    @EnabledIfEnvironmentVariable(
            named = BUILDGRID,
            matches = ".+",
            disabledReason = "BuildGrid is not named: see .ci/with-servers")
    void buildGridDownloadsTheTreeThatItUploaded() throws Exception {
        String bgd = System.getenv(BUILDGRID);
        Trees.create(directory.resolve("tree"));
        Program program = Program.in(directory);
        try (ServerProcess server = ServerProcess.start(directory.resolve("cache"))) {
            String remote = "http://" + server.grpcTarget();
            String printed = program.run(bgd, "cas", "--remote", remote, "upload-dir", "--verify", "tree");
            Matcher digest = Pattern.compile("path=\\[tree] with digest=\\[([0-9a-f]{64}/[0-9]+)]")
                    .matcher(printed);
            assertThat(digest.find()).as(printed).isTrue();
            program.run(bgd, "cas", "--remote", remote, "download-dir", digest.group(1), "copy");
            Trees.requireSame(directory.resolve("tree"), directory.resolve("copy"));
            assertThat(server.requests("grpc", "Write", "OK")).isPositive();
            assertThat(server.requests("grpc", "BatchUpdateBlobs", "OK")).isPositive();
        }
        String version = program.run(
                Path.of(bgd).resolveSibling("python").toString(),
                "-c",
                "import importlib.metadata as m; print(m.version('buildgrid'))");
        Program.row("BuildGrid (bgd cas)", version, "upload-dir --verify, download-dir: the same tree");
    }

    @Test
    @EnabledIfEnvironmentVariable(
            named = BUILDBOX_CASD,
            matches = ".+",
            disabledReason = "buildbox-casd is not named: see .ci/with-servers")
    void oneBuildboxCasdDownloadsWhatAnotherOneUploaded() throws Exception {
        Trees.create(directory.resolve("tree"));
        try (ServerProcess server = ServerProcess.start(directory.resolve("cache"))) {
            String root;
            try (Program.Running first = casd(server, "a")) {
                root = script("a", "upload", directory.resolve("tree").toString());
            }
            assertThat(server.requests("grpc", "Write", "OK")).isPositive();
            try (Program.Running second = casd(server, "b")) {
                script("b", "download", directory.resolve("copy").toString(), root.split(" "));
            }
            Trees.requireSame(directory.resolve("tree"), directory.resolve("copy"));
            assertThat(server.requests("grpc", "Read", "OK")).isPositive();
            assertThat(server.requests("grpc", "BatchReadBlobs", "OK")).isPositive();
        }
        String version = Program.in(directory)
                .run(System.getenv(BUILDBOX_CASD), "--version")
                .strip();
        Program.row(
                "buildbox-casd (of BuildStream)",
                version.substring(version.lastIndexOf(' ') + 1),
                "as its remote: one captures and uploads a tree, another one downloads and stages it");
    }

    private Program.Running casd(ServerProcess server, String name) throws IOException {
        return Program.in(directory)
                .start(List.of(
                        System.getenv(BUILDBOX_CASD),
                        "--cas-remote=http://" + server.grpcTarget(),
                        "--bind=unix:" + directory.resolve(name + ".sock"),
                        "--reserved=1M",
                        directory.resolve(name).toString()));
    }

    private String script(String casd, String action, String path, String... root) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                System.getenv(BUILDSTREAM_PYTHON),
                "-c",
                SCRIPT,
                directory.resolve(casd + ".sock").toString(),
                action,
                path));
        command.addAll(List.of(root));
        return Program.in(directory).run(command).strip();
    }
}
