//! What a backend that wraps another has of it.

/// The configuration and the codec of a backend are those of the one in its field `backend`.
macro_rules! configured_by_its_backend {
    ($wrapper:ident<$inner:ident $(, $more:ident)?>) => {
        impl<$inner: apalis_core::backend::BackendConfig $(, $more)?>
            apalis_core::backend::BackendConfig for $wrapper<$inner $(, $more)?>
        {
            type Args = $inner::Args;
            type Id = $inner::Id;
            type Kind = $inner::Kind;
            type Config = $inner::Config;
            type Layer = $inner::Layer;

            fn config(&self) -> &Self::Config {
                self.backend.config()
            }

            fn middleware(
                &mut self,
                worker: &mut apalis_core::worker::context::WorkerContext,
            ) -> Self::Layer {
                self.backend.middleware(worker)
            }
        }

        impl<$inner: apalis_core::backend::WireFormatBackend $(, $more)?>
            apalis_core::backend::WireFormatBackend for $wrapper<$inner $(, $more)?>
        {
            type Codec = $inner::Codec;
            type Compact = $inner::Compact;

            fn codec(&self) -> &Self::Codec {
                self.backend.codec()
            }
        }

        impl<$inner: std::fmt::Debug $(, $more)?> std::fmt::Debug
            for $wrapper<$inner $(, $more)?>
        {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let name = stringify!($wrapper);
                f.debug_struct(name).field("backend", &self.backend).finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use configured_by_its_backend;
