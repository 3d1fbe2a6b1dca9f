package io.blobstore.gcs.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.auth.oauth2.AccessToken;
import com.google.auth.oauth2.OAuth2Credentials;
import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Operation;
import io.blobstore.StoreOptions;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.TestAuthority;
import io.blobstore.http.TestAuthority.Identity;
import io.blobstore.http.objects.VirtualRetryClock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** gRPC to a server with a certificate of a private authority, which only the given trust managers trust. */
@ExtendWith(LeakCheck.class)
class GrpcTlsTest {
    private static final TestAuthority AUTHORITY = TestAuthority.get();
    private static final BlobKey KEY = BlobKey.of("blob");
    private static final byte[] CONTENT = "content".getBytes(StandardCharsets.UTF_8);

    private static final ObjectAttributes PLAIN =
            new ObjectAttributes(StoreOptions.DEFAULT, Optional.empty(), Optional.empty(), Optional.empty());

    @BeforeAll
    static void requireEventLoops() {
        GrpcReadsBase.requireEventLoops();
    }

    private static FakeGrpcStorage start(Identity identity) throws IOException {
        FakeGrpcStorage fake = FakeGrpcStorage.startSecure(AUTHORITY.keyManagers(identity));
        fake.put("blob", CONTENT);
        return fake;
    }

    private static GrpcSettings settings(FakeGrpcStorage fake, TrustManager... trustManagers) {
        return new GrpcSettings(
                FakeGrpcStorage.BUCKET,
                fake.endpoint(),
                false,
                Optional.of(OAuth2Credentials.create(
                        new AccessToken("a-token", Date.from(Instant.now().plusSeconds(3600))))),
                List.of(trustManagers),
                1,
                1,
                Duration.ofSeconds(30),
                2,
                new VirtualRetryClock(),
                new FakeErrors());
    }

    private static ByteBuffer read(GrpcSettings settings) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(CONTENT.length);
        try (GrpcReads reads = GrpcReads.create(settings)) {
            reads.read(KEY, "blob", ByteRange.all(), Optional.empty(), BlobTarget.Window.of(target));
        }
        return target.flip();
    }

    @Test
    void aServerOfATrustedAuthorityIsReadAndWritten() throws IOException {
        try (FakeGrpcStorage fake = start(Identity.SERVER)) {
            GrpcSettings settings = settings(fake, AUTHORITY.trustManagers());

            assertThat(read(settings)).isEqualTo(ByteBuffer.wrap(CONTENT));
            try (GrpcWrites writes = GrpcWrites.create(settings)) {
                ObjectWriter writer = writes.create(Operation.STORE, KEY, "written", PLAIN);
                writer.append(Operation.STORE, ByteBuffer.wrap(CONTENT), 0);
                writer.finish(Operation.STORE);
            }

            assertThat(fake.content("written")).isEqualTo(CONTENT);
            assertThat(fake.counts.authorizations).containsExactly("Bearer a-token");
        }
    }

    @Test
    void anUnknownAuthorityIsRefusedBeforeAnythingIsSent() throws IOException {
        try (FakeGrpcStorage fake = start(Identity.SERVER)) {
            requireRefusal(fake);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Identity.class,
            names = {"OTHER_HOST", "EXPIRED"})
    void aCertificateOfTheAuthorityThatIsNotTheServersIsRefused(Identity identity) throws IOException {
        try (FakeGrpcStorage fake = start(identity)) {
            requireRefusal(fake, AUTHORITY.trustManagers());
        }
    }

    @Test
    void aTrustManagerWithoutHostNamesDoesNotDisableTheirVerification() throws IOException {
        try (FakeGrpcStorage other = start(Identity.OTHER_HOST)) {
            requireRefusal(other, AUTHORITY.trustManagerWithoutHosts());
        }
    }

    private static void requireRefusal(FakeGrpcStorage fake, TrustManager... trustManagers) {
        assertThatThrownBy(() -> read(settings(fake, trustManagers)))
                .isInstanceOf(BlobStoreException.class)
                .hasRootCauseInstanceOf(GeneralSecurityException.class);
        assertThat(fake.counts.authorizations).isEmpty();
    }
}
