package io.blobstore.transfer;

import java.io.IOException;

/** How a transfer may end, reached from inside a request of it. */
enum Ending {
    SUCCESS {
        @Override
        void reach(Transfer<?> transfer) {}
    },
    CANCELLATION {
        @Override
        void reach(Transfer<?> transfer) {
            transfer.cancel();
        }
    },
    FAILURE {
        @Override
        void reach(Transfer<?> transfer) throws IOException {
            throw ScriptedStore.failure("for good", false);
        }
    };

    abstract void reach(Transfer<?> transfer) throws IOException;
}
