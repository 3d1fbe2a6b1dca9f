package io.blobstore.server.interop;

import static org.assertj.core.api.Assertions.assertThat;

import build.bazel.remote.execution.v2.RemoteExecutionProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.Descriptors.FileDescriptor;
import io.blobstore.contract.Campaign;
import io.blobstore.contract.LeakCheck;
import io.blobstore.server.internal.grpc.RemoteExecutionTest;
import io.grpc.health.v1.HealthCheckRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** grpcurl, a client by the implementation of gRPC in Go, asks for capabilities, missing blobs and health. */
@Campaign(representedBy = RemoteExecutionTest.class)
@EnabledIfEnvironmentVariable(
        named = "BLOBSTORE_TEST_GRPCURL",
        matches = ".+",
        disabledReason = "grpcurl is not named: see .ci/with-servers")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
@ExtendWith(LeakCheck.class)
class GrpcurlTest {
    private static final String GRPCURL = System.getenv("BLOBSTORE_TEST_GRPCURL");
    private static final String API = "build.bazel.remote.execution.v2.";

    @TempDir
    private Path directory;

    /** Writes the descriptions of the services, which grpcurl reads instead of the sources that they come from. */
    private Path descriptors() throws IOException {
        Map<String, FileDescriptor> files = new LinkedHashMap<>();
        add(RemoteExecutionProto.getDescriptor(), files);
        add(HealthCheckRequest.getDescriptor().getFile(), files);
        FileDescriptorSet.Builder set = FileDescriptorSet.newBuilder();
        files.values().forEach(file -> set.addFile(file.toProto()));
        return Files.write(directory.resolve("services.protoset"), set.build().toByteArray());
    }

    private static void add(FileDescriptor file, Map<String, FileDescriptor> files) {
        file.getDependencies().forEach(dependency -> add(dependency, files));
        files.putIfAbsent(file.getName(), file);
    }

    @Test
    void itUnderstandsTheAnswers() throws Exception {
        String descriptors = descriptors().toString();
        Program program = Program.in(directory);
        try (ServerProcess server = ServerProcess.start(directory.resolve("cache"))) {
            String target = server.grpcTarget();
            assertThat(program.run(
                            GRPCURL,
                            "-plaintext",
                            "-protoset",
                            descriptors,
                            target,
                            API + "Capabilities/GetCapabilities"))
                    .contains("SHA256", "ZSTD", "true");
            String hash = "ab".repeat(32);
            assertThat(program.run(
                            GRPCURL,
                            "-plaintext",
                            "-protoset",
                            descriptors,
                            "-d",
                            "{\"blobDigests\": [{\"hash\": \"" + hash + "\", \"sizeBytes\": 5}]}",
                            target,
                            API + "ContentAddressableStorage/FindMissingBlobs"))
                    .contains(hash);
            assertThat(program.run(
                            GRPCURL, "-plaintext", "-protoset", descriptors, target, "grpc.health.v1.Health/Check"))
                    .contains("SERVING");
        }
        Program.row(
                "grpcurl",
                program.run(GRPCURL, "-version").replace("grpcurl", ""),
                "GetCapabilities, FindMissingBlobs, Health.Check");
    }
}
