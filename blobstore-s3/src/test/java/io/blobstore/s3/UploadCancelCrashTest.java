package io.blobstore.s3;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.BlobStore;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ProcessMaps;
import io.blobstore.http.CancelledUploads;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedUploads;
import io.blobstore.http.TestAuthority;
import io.blobstore.http.TlsEngine;
import io.netty.handler.ssl.OpenSsl;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Cancels uploads, a thousand in the campaign tier, at random points, and unmaps their memory immediately. */
@Tag("jdk")
class UploadCancelCrashTest {
    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource({"false, 600", "true, 400"})
    void cancellingAnUploadAtAnyPointAndUnmappingIsSafe(boolean secure, int times) throws Exception {
        ProcessMaps.assumeReadable();
        assumeTrue(OpenSsl.isAvailable() || !secure, "this platform has no native library for OpenSSL");

        CancelledUploads.requireSurvival(Child.class, directory, TlsEngine.OPENSSL, secure, CampaignScale.of(times));
    }

    /** The process that may crash. */
    static final class Child extends CancelledUploads {
        private Child() {
            super(new ScriptedUploads());
        }

        public static void main(String[] args) throws Exception {
            main(Child::new, args);
        }

        @Override
        protected BlobStore open(ScriptedServer server) throws IOException {
            return ScriptedS3.store(server)
                    .trustManagers(TestAuthority.get().trustManagers())
                    .open();
        }
    }
}
